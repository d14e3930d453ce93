package jsonschema_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"bpfdb/internal/jsonschema"
)

// Sample has one field of every kind.
type Sample struct {
	// Name is what it is called.
	Name   string             `json:"name"`
	Count  uint64             `json:"count"` // never below zero
	Share  float64            `json:"share"`
	When   time.Time          `json:"when"`
	Inner  []Inner            `json:"inner"`
	Rates  map[string]float64 `json:"rates,omitempty"`
	Hidden int                `json:"-"`
	Inner2 *Inner             `json:"inner2,omitempty"`
}

// Inner is inside.
type Inner struct {
	Good bool `json:"good"`
}

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.Of(reflect.TypeFor[Sample](), jsonschema.Comments{"Sample.Name": "Name is what it is called."})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCheck(t *testing.T) {
	good, err := json.Marshal(Sample{Name: "a", Inner: []Inner{{true}}, Rates: map[string]float64{"x": 1.5}})
	if err != nil {
		t.Fatal(err)
	}
	s := schema(t)
	if err := s.Check(good); err != nil {
		t.Error(err)
	}
	for _, c := range []struct{ old, fresh, complaint string }{
		{`"name":"a"`, `"name":3`, "document.name: integer, want string"},
		{`"name":"a",`, ``, "document: no name"},
		{`"count":0`, `"count":-1`, "document.count: -1 is below 0"},
		{`"count":0`, `"count":0.5`, "document.count: number, want integer"},
		{`"good":true`, `"good":"yes"`, "document.inner[0].good: string, want boolean"},
		{`"x":1.5`, `"x":"fast"`, "document.rates.x: string, want number"},
		{`"when":"`, `"when":"y`, "document.when: parsing time"},
	} {
		bad := strings.Replace(string(good), c.old, c.fresh, 1)
		if err := s.Check([]byte(bad)); err == nil || !strings.Contains(err.Error(), c.complaint) {
			t.Errorf("%s: got %v, want %s", bad, err, c.complaint)
		}
	}
	if err := s.Check([]byte(strings.Replace(string(good), "{", `{"later":1,`, 1))); err != nil {
		t.Errorf("a field of a later program: %v", err)
	}
}

func TestSchemaIsDescribed(t *testing.T) {
	text, err := json.Marshal(schema(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"description":"Name is what it is called."`, `"minimum":0`, `"title":"Sample"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the schema lacks %s: %s", want, text)
		}
	}
	if strings.Contains(string(text), "Hidden") {
		t.Error("a hidden field is in the schema")
	}
}

func TestReadComments(t *testing.T) {
	comments, err := jsonschema.ReadComments(".")
	if err != nil {
		t.Fatal(err)
	}
	if comments["Sample.Count"] != "never below zero" || comments["Inner"] != "Inner is inside." {
		t.Errorf("got %v", comments)
	}
}

func TestNoSchema(t *testing.T) {
	if s, err := jsonschema.Of(reflect.TypeFor[struct{ F func() }](), nil); err == nil {
		t.Errorf("a function has the schema %+v", s)
	}
}
