// Package document reads the harness's YAML files strictly: an unknown, repeated or
// missing field, or a value of the wrong kind, is an error that names the file, the
// line and the field, so that a typing mistake never silently changes an experiment.
package document

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Error is a mistake in a file, at a line counted from 1.
type Error struct {
	File    string
	Line    int
	Field   string // dotted path of the field; empty when the file as a whole is meant
	Problem string
}

func (e *Error) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem)
	}
	return fmt.Sprintf("%s:%d: %s: %s", e.File, e.Line, e.Field, e.Problem)
}

// Mapping is one YAML mapping with the place of each of its fields.
type Mapping struct {
	file   string
	path   string // dotted prefix, empty at the top
	line   int
	names  []string
	values map[string]*yaml.Node
}

// Read parses a file that must hold exactly one YAML mapping.
func Read(file string) (*Mapping, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return Parse(file, text)
}

// Parse is Read on text; file is only used in errors.
func Parse(file string, text []byte) (*Mapping, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		line, problem := splitLine(err)
		return nil, &Error{File: file, Line: line, Problem: problem}
	}
	if root.Kind == 0 {
		return nil, &Error{File: file, Line: 1, Problem: "the file is empty"}
	}
	return newMapping(file, "", root.Content[0])
}

func newMapping(file, path string, node *yaml.Node) (*Mapping, error) {
	m := &Mapping{file: file, path: path, line: node.Line, values: map[string]*yaml.Node{}}
	if node.Kind != yaml.MappingNode {
		return nil, m.fail(node.Line, "", "want fields, `name: value` on each line")
	}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if _, repeated := m.values[key.Value]; repeated {
			return nil, m.fail(key.Line, key.Value, "the field is given twice")
		}
		// The value of `key:` with nothing after it has no useful line of its own.
		value.Line = max(value.Line, key.Line)
		m.names = append(m.names, key.Value)
		m.values[key.Value] = value
	}
	return m, nil
}

// Decode stores each field present in its target, a pointer, and refuses fields that
// have none. Absent fields leave their target alone.
func (m *Mapping) Decode(targets map[string]any) error {
	for _, name := range m.names {
		target, known := targets[name]
		if !known {
			return m.fail(m.values[name].Line, name, "unknown field; known are "+list(targets))
		}
		if err := m.values[name].Decode(target); err != nil {
			line, problem := splitLine(err)
			return m.fail(max(line, m.values[name].Line), name, problem)
		}
	}
	return nil
}

// Mapping is the mapping in a field, nil when the field is absent.
func (m *Mapping) Mapping(name string) (*Mapping, error) {
	node, present := m.values[name]
	if !present {
		return nil, nil
	}
	return newMapping(m.file, m.dotted(name), node)
}

// Has reports whether the field is given.
func (m *Mapping) Has(name string) bool { return m.values[name] != nil }

// Errorf is an Error at a field's line, or at the mapping's when the field is absent.
func (m *Mapping) Errorf(name, format string, args ...any) error {
	line := m.line
	if node := m.values[name]; node != nil {
		line = node.Line
	}
	return m.fail(line, name, fmt.Sprintf(format, args...))
}

func (m *Mapping) fail(line int, name, problem string) error {
	return &Error{File: m.file, Line: max(line, 1), Field: m.dotted(name), Problem: problem}
}

func (m *Mapping) dotted(name string) string {
	return strings.Trim(m.path+"."+name, ".")
}

func list(targets map[string]any) string {
	names := make([]string, 0, len(targets))
	for name := range targets {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// splitLine takes the line number out of a message of the YAML library, which writes
// "yaml: line 3: problem" for syntax and "line 3: problem" in a TypeError for kinds.
func splitLine(err error) (line int, problem string) {
	problem = strings.TrimPrefix(err.Error(), "yaml: ")
	var kinds *yaml.TypeError
	if errors.As(err, &kinds) {
		problem = kinds.Errors[0]
	}
	if n, _ := fmt.Sscanf(problem, "line %d:", &line); n == 1 {
		_, problem, _ = strings.Cut(problem, ": ")
	}
	return line, problem
}
