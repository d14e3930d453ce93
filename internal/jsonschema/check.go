package jsonschema

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"
)

// Check says where a document breaks the schema; nil when it does not.
func (s *Schema) Check(document []byte) error {
	var value any
	if err := json.Unmarshal(document, &value); err != nil {
		return err
	}
	return s.check("document", value)
}

func (s *Schema) check(where string, value any) error {
	if kind := kindOf(value); !s.allows(kind) {
		return fmt.Errorf("%s: %s, want %v", where, kind, s.Type)
	}
	switch value := value.(type) {
	case map[string]any:
		return s.checkObject(where, value)
	case []any:
		for i, item := range value {
			if err := s.Items.check(fmt.Sprintf("%s[%d]", where, i), item); err != nil {
				return err
			}
		}
	case string:
		if s.Format == "date-time" {
			if _, err := time.Parse(time.RFC3339Nano, value); err != nil {
				return fmt.Errorf("%s: %w", where, err)
			}
		}
	case float64:
		if s.Minimum != nil && value < float64(*s.Minimum) {
			return fmt.Errorf("%s: %v is below %d", where, value, *s.Minimum)
		}
	}
	return nil
}

func (s *Schema) checkObject(where string, object map[string]any) error {
	for _, name := range s.Required {
		if _, has := object[name]; !has {
			return fmt.Errorf("%s: no %s", where, name)
		}
	}
	for name, value := range object {
		property := s.Properties[name]
		if property == nil {
			property = s.Values
		}
		if property == nil {
			continue
		}
		if err := property.check(where+"."+name, value); err != nil {
			return err
		}
	}
	return nil
}

// allows tells whether the schema takes a kind; a whole number is a number, too.
func (s *Schema) allows(kind string) bool {
	kinds, several := s.Type.([]string)
	if !several {
		kinds = []string{fmt.Sprint(s.Type)}
	}
	return slices.Contains(kinds, kind) || kind == "integer" && slices.Contains(kinds, "number")
}

func kindOf(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if value == math.Trunc(value) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}
