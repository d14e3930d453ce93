package plan

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"bpfdb/results"
)

var columns = []string{"order", "round", "experiment", "workload", "distribution", "records", "value",
	"driver", "conns", "pipe", "load", "ops", "topology", "system", "cell"}

// Print writes the plan for people: what it costs, then the trials in order.
func (p Plan) Print(w io.Writer) error {
	fmt.Fprintf(w, "profile %s, seed %d: %d cells, %d trials, about %.1f minutes, %.1f MB of results\n",
		p.Profile, p.Seed, p.Cells(), len(p.Trials), p.Estimate().Minutes(), float64(p.DiskBytes())/1e6)
	for _, e := range p.Experiments {
		fmt.Fprintf(w, "experiment %s: %s (%s)\n", e.Name, e.Title, e.SpecFile)
	}
	for _, d := range p.Systems {
		fmt.Fprintf(w, "system %s: %s\n", d.Name, d.Title)
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, strings.Join(columns, "\t"))
	for _, t := range p.Trials {
		c := t.Cell
		fmt.Fprintf(table, "%d\t%d\t%s\t%s\t%s\t%d\t%d B\t%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\n", t.Order, t.Round,
			c.Experiment, c.Workload, c.Distribution, c.Records, c.ValueBytes, c.Driver, c.Connections,
			c.Pipeline, load(c), amount(t), c.Topology, c.Arm(), t.CellHash)
	}
	if err := table.Flush(); err != nil || len(p.Instrumented) == 0 {
		return err
	}
	return p.printInstrumented(w)
}

var instrumentedColumns = []string{"order", "instrument", "experiment", "workload", "distribution", "value", "conns",
	"pipe", "load", "ops", "system", "cell"}

// printInstrumented lists the extra trials, which have fewer things that differ.
func (p Plan) printInstrumented(w io.Writer) error {
	fmt.Fprintf(w, "\nafter them, %d instrumented trials, which are not part of the results:\n", len(p.Instrumented))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, strings.Join(instrumentedColumns, "\t"))
	for _, t := range p.Instrumented {
		c := t.Cell
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%d B\t%d\t%d\t%s\t%s\t%s\t%s\n", t.Order, t.Instrument,
			c.Experiment, c.Workload, c.Distribution, c.ValueBytes, c.Connections, c.Pipeline, load(c), amount(t),
			c.Arm(), t.CellHash)
	}
	return table.Flush()
}

// load is what the cell's loop looks like.
func load(c results.Cell) string {
	switch {
	case c.SLO != "":
		return c.SLO
	case c.Stop != "":
		return "recovery after " + c.Stop
	case c.Speed > 0:
		return fmt.Sprintf("%gx %s", c.Speed, c.Arrival)
	case c.RateOps > 0:
		return fmt.Sprintf("%g/s %s", c.RateOps, c.Arrival)
	}
	return "closed"
}

// amount is how much is measured: operations, or seconds.
func amount(t Trial) string {
	if t.Cell.Stop != "" {
		return "restart"
	}
	if t.Operations == 0 {
		return t.Duration.String()
	}
	return fmt.Sprint(t.Operations)
}
