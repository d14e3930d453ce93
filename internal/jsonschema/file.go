package jsonschema

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
)

// ErrStale is what CompareFile says of a file that is not the schema of its type.
type ErrStale struct{ Path string }

func (e ErrStale) Error() string {
	return fmt.Sprintf("%s is not the schema of the type: run its test with -rewrite", e.Path)
}

// CompareFile makes the schema of a type, whose comments are in the directories, and
// compares the file with it; with rewrite the file is written instead.
func CompareFile(path string, t reflect.Type, rewrite bool, dirs ...string) (*Schema, error) {
	comments, err := ReadComments(dirs...)
	if err != nil {
		return nil, err
	}
	s, err := Of(t, comments)
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, err
	}
	text = append(text, '\n')
	if rewrite {
		return s, os.WriteFile(path, text, 0o644)
	}
	stored, err := os.ReadFile(path)
	if err == nil && string(stored) != string(text) {
		err = ErrStale{path}
	}
	return s, err
}
