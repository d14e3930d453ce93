package gate

import (
	"cmp"
	"slices"
)

// Quantities that do not depend on the clock, and how much of each may be added before it
// is a regression: a share of base. Growth below it is shown all the same.
const (
	Instructions = "verified instructions"
	BytesPerKey  = "bytes per key"
	Allocations  = "allocations per op"
)

var tolerances = map[string]float64{
	// What a kernel verifies in a program moves by a few percent with any change of it.
	Instructions: 0.10,
	// Memory is taken in steps; a record's size is not.
	BytesPerKey: 0.02,
	Allocations: 0,
}

// Exact compares one such quantity. Base or Head is nil where that side lacks the thing:
// a program or a benchmark that is new or gone.
type Exact struct {
	Quantity string   `json:"quantity"`
	Name     string   `json:"name"` // program, benchmark or system
	Base     *float64 `json:"base,omitempty"`
	Head     *float64 `json:"head,omitempty"`
	Verdict  Verdict  `json:"verdict"`
}

// CompareExact pairs by name what the two sides have of a quantity.
func CompareExact(quantity string, base, head map[string]float64) []Exact {
	var names []string
	for name := range base {
		names = append(names, name)
	}
	for name := range head {
		names = append(names, name)
	}
	slices.SortFunc(names, cmp.Compare[string])
	var compared []Exact
	for _, name := range slices.Compact(names) {
		e := Exact{Quantity: quantity, Name: name, Verdict: OK}
		if value, has := base[name]; has {
			e.Base = &value
		}
		if value, has := head[name]; has {
			e.Head = &value
		}
		if e.Base != nil && e.Head != nil && *e.Head > *e.Base*(1+tolerances[quantity]) {
			e.Verdict = Regression
		}
		compared = append(compared, e)
	}
	return compared
}
