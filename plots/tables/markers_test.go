package tables_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bpfdb/plots/tables"
)

// fixed gives every section the same text.
func fixed(text string) func(string) (string, error) {
	return func(string) (string, error) { return text, nil }
}

func TestFill(t *testing.T) {
	before := strings.Join([]string{
		"# Title", "<!-- results:a -->", "old", "<!-- /results:a -->", "between",
		"<!-- results:b -->", "new", "<!-- /results:b -->",
		"```", "<!-- results:example -->", "```", "",
	}, "\n")
	got, changed, err := tables.Fill("DOC.md", before, fixed("new\n"), "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Replace(before, "old", "new", 1); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !slices.Equal(changed, []string{"a"}) {
		t.Errorf("changed: got %q, want a alone", changed)
	}
	again, changed, err := tables.Fill("DOC.md", got, fixed("new"))
	if err != nil || again != got || len(changed) != 0 {
		t.Errorf("a second fill changed %q, %v", changed, err)
	}
}

func TestFillRefusesBadMarkers(t *testing.T) {
	cases := map[string]struct{ text, want string }{
		"not closed":  {"x\n<!-- results:a -->\n", "DOC.md:2: bad marker: results:a is never closed"},
		"not opened":  {"<!-- /results:a -->\n", ":1: bad marker: /results:a closes nothing"},
		"crossed":     {"<!-- results:a -->\n<!-- /results:b -->\n", ":2: bad marker: /results:b closes"},
		"nested":      {"<!-- results:a -->\n<!-- results:b -->\n", ":2: bad marker: results:b opens inside"},
		"missing":     {"no marker\n", "DOC.md: bad marker: no pair <!-- results:a -->"},
		"in a fence":  {"```\n<!-- results:a -->\n<!-- /results:a -->\n```\n", "no pair"},
		"with spaces": {" <!-- results:a -->\n<!-- /results:a -->\n", "DOC.md:2: bad marker"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, _, err := tables.Fill("DOC.md", c.text, fixed(""), "a")
			if !errors.Is(err, tables.ErrMarker) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
