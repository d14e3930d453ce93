package document

import (
	"errors"
	"testing"
)

// decode reads the shape the cases below are written for.
func decode(text string) error {
	m, err := Parse("f.yaml", []byte(text))
	if err != nil {
		return err
	}
	var name string
	var sizes []int
	var inner map[string]any
	if err := m.Decode(map[string]any{"name": &name, "sizes": &sizes, "inner": &inner}); err != nil {
		return err
	}
	nested, err := m.Mapping("inner")
	if err != nil || nested == nil {
		return err
	}
	var count uint64
	if err := nested.Decode(map[string]any{"count": &count}); err != nil {
		return err
	}
	if count == 0 {
		return nested.Errorf("count", "%d is not positive", count)
	}
	return nil
}

func TestErrorsNameFileLineAndField(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"good", "name: x\nsizes: [1, 2]\ninner:\n  count: 1\n", ""},
		{"empty", "", "f.yaml:1: the file is empty"},
		{"not a mapping", "- a\n", "f.yaml:1: want fields, `name: value` on each line"},
		// For broken syntax the library names the last line that was good.
		{"syntax", "name: x\nsizes: 1\n\tinner: 2\n",
			"f.yaml:2: found a tab character that violates indentation"},
		{"unknown", "name: x\nsize: 3\n", "f.yaml:2: size: unknown field; known are inner, name, sizes"},
		{"twice", "name: x\nname: y\n", "f.yaml:2: name: the field is given twice"},
		{"kind", "name: x\nsizes:\n  - 1\n  - two\n",
			"f.yaml:4: sizes: cannot unmarshal !!str `two` into int"},
		{"nested unknown", "inner:\n  count: 1\n  counts: 2\n",
			"f.yaml:3: inner.counts: unknown field; known are count"},
		{"nested value", "inner:\n  count: 0\n", "f.yaml:2: inner.count: 0 is not positive"},
		{"nested absent", "name: x\ninner:\n  {}\n", "f.yaml:3: inner.count: 0 is not positive"},
		{"nested negative", "inner:\n  count: -1\n",
			"f.yaml:2: inner.count: cannot unmarshal !!int `-1` into uint64"},
		{"nested kind", "inner: 3\n",
			"f.yaml:1: inner: cannot unmarshal !!int `3` into map[string]interface {}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := decode(c.text)
			if got := message(err); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			var e *Error
			if err != nil && !errors.As(err, &e) {
				t.Errorf("%T is not an Error", err)
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestReadMissingFile(t *testing.T) {
	if _, err := Read(t.TempDir() + "/none.yaml"); err == nil {
		t.Error("a missing file was read")
	}
}
