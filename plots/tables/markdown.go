package tables

import (
	"fmt"
	"strings"

	"bpfdb/plots/summary"
	"bpfdb/runners/stats"
)

// table is a Markdown table; columns from the given one on are aligned right.
type table struct {
	text    strings.Builder
	columns int
}

func newTable(firstNumber int, header ...string) *table {
	t := &table{columns: len(header)}
	t.row(header...)
	for i := range header {
		if i < firstNumber {
			t.text.WriteString("|---")
		} else {
			t.text.WriteString("|--:")
		}
	}
	t.text.WriteString("|\n")
	return t
}

// row adds one row; cells not given are "–".
func (t *table) row(cells ...string) {
	for i := range t.columns {
		cell := "–"
		if i < len(cells) && cells[i] != "" {
			cell = strings.NewReplacer("|", `\|`, "\n", " ").Replace(cells[i])
		}
		t.text.WriteString("| " + cell + " ")
	}
	t.text.WriteString("|\n")
}

func (t *table) String() string { return t.text.String() }

// interval writes a median and its confidence interval: "95.6 k [94.1 k, 97.0 k]".
func interval(median, lo, hi float64, format func(float64) string) string {
	return fmt.Sprintf("%s [%s, %s]", format(median), format(lo), format(hi))
}

func estimateText(e summary.Estimate, format func(float64) string) string {
	return interval(e.Median, e.Lo, e.Hi, format)
}

func ratioText(r stats.Ratio, format func(float64) string) string {
	return interval(r.Median, r.Lo, r.Hi, format)
}

// list writes notes as Markdown bullets, or nothing.
func list(notes []string) string {
	var text strings.Builder
	for _, note := range notes {
		fmt.Fprintf(&text, "- %s\n", note)
	}
	return text.String()
}
