package gate

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

// Print writes the document for people: what changed, then the verdict.
func (d *Document) Print(w io.Writer) error {
	for _, s := range d.Sides {
		fmt.Fprintf(w, "%s: %s (%s)\n", s.Name, s.Source, s.Revision)
	}
	fmt.Fprintf(w, "\n%d rounds a block; worse: slower p99 or less throughput, median over rounds with "+
		"%.0f %% interval; %.0f s\n", d.Rounds, 100*d.Rules.Confidence, d.Finished.Sub(d.Started).Seconds())
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "cell\tmetric\tworse by\tinterval\tp (Holm)\tleast effect\tblocks\tshown in\tverdict")
	for _, f := range d.Timed.Findings {
		fmt.Fprintf(table, "%s\t%s\t%s\t[%s, %s]\t%.4f\t%s\t%d\t%d\t%s\n", f.Cell, f.Metric, share(f.Times),
			share(f.Lo), share(f.Hi), f.HolmP, share(1+f.LeastEffect), f.Blocks, f.Recurring, f.Verdict)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if err := d.printExact(w); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nverdict: %s\n", d.Verdict)
	return err
}

// printExact lists the exact comparisons that differ, and counts the others.
func (d *Document) printExact(w io.Writer) error {
	if len(d.Exact) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	equal := 0
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, e := range d.Exact {
		if e.Base != nil && e.Head != nil && *e.Base == *e.Head {
			equal++
			continue
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", e.Quantity, e.Name, amount(e.Base), amount(e.Head), e.Verdict)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d of %d exact quantities are equal\n", equal, len(d.Exact))
	return err
}

// share writes 1.2 as "+20.0 %".
func share(times float64) string { return fmt.Sprintf("%+.1f %%", 100*(times-1)) }

func amount(x *float64) string {
	switch {
	case x == nil:
		return "–"
	case *x == math.Trunc(*x):
		return fmt.Sprintf("%.0f", *x)
	}
	return fmt.Sprintf("%.2f", *x)
}
