// Package jsonschema describes Go types as JSON Schema (draft 2020-12), with the comments
// of their source as descriptions, and checks documents against such a schema. It knows
// the part of the language that plain data needs: objects, arrays, maps, numbers, text,
// truth and times.
package jsonschema

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Schema is one schema, ready to be encoded.
type Schema struct {
	Version     string             `json:"$schema,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Type        any                `json:"type,omitempty"`
	Format      string             `json:"format,omitempty"`
	Minimum     *int               `json:"minimum,omitempty"`
	Properties  map[string]*Schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	Values      *Schema            `json:"additionalProperties,omitempty"`
	Items       *Schema            `json:"items,omitempty"`
}

// draft is the language of the schemas.
const draft = "https://json-schema.org/draft/2020-12/schema"

// Of describes a type. Objects may hold fields the schema does not name: a version of the
// format only grows when a field changes meaning.
func Of(t reflect.Type, comments Comments) (*Schema, error) {
	s, err := of(t, comments)
	if err != nil {
		return nil, err
	}
	s.Version, s.Title = draft, t.Name()
	return s, nil
}

var timeType = reflect.TypeFor[time.Time]()

func of(t reflect.Type, comments Comments) (*Schema, error) {
	if t == timeType {
		return &Schema{Type: "string", Format: "date-time"}, nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return of(t.Elem(), comments)
	case reflect.Bool:
		return &Schema{Type: "boolean"}, nil
	case reflect.String:
		return &Schema{Type: "string"}, nil
	case reflect.Int, reflect.Int64, reflect.Int32:
		return &Schema{Type: "integer"}, nil
	case reflect.Uint64, reflect.Uint32, reflect.Uint:
		return &Schema{Type: "integer", Minimum: new(int)}, nil
	case reflect.Float64:
		return &Schema{Type: "number"}, nil
	case reflect.Slice, reflect.Array:
		items, err := of(t.Elem(), comments)
		kinds := any("array")
		if t.Kind() == reflect.Slice {
			kinds = []string{"array", "null"} // a nil slice
		}
		return &Schema{Type: kinds, Items: items}, err
	case reflect.Map:
		values, err := of(t.Elem(), comments)
		return &Schema{Type: []string{"object", "null"}, Values: values}, err
	case reflect.Struct:
		return ofStruct(t, comments)
	}
	return nil, fmt.Errorf("jsonschema: %v has no schema", t)
}

func ofStruct(t reflect.Type, comments Comments) (*Schema, error) {
	s := &Schema{Type: "object", Description: comments[t.Name()], Properties: map[string]*Schema{}}
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if field.Anonymous && name == "" { // its fields stand here
			inner, err := of(field.Type, comments)
			if err != nil {
				return nil, err
			}
			for name, property := range inner.Properties {
				s.Properties[name] = property
			}
			s.Required = append(s.Required, inner.Required...)
			continue
		}
		if name == "" {
			name = field.Name
		}
		property, err := of(field.Type, comments)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t.Name(), field.Name, err)
		}
		if comment := comments[t.Name()+"."+field.Name]; comment != "" {
			property.Description = comment
		}
		s.Properties[name] = property
		if !strings.Contains(options, "omit") {
			s.Required = append(s.Required, name)
			if field.Type.Kind() == reflect.Pointer && property.Type == "object" {
				property.Type = []string{"object", "null"}
			}
		}
	}
	return s, nil
}
