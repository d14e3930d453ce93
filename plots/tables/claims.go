package tables

import (
	"fmt"
	"time"

	"bpfdb/plots/summary"
)

// claim is one published statement and how a run decides on it.
type claim struct {
	text    string
	source  string
	figure  string
	command string
	judge   func(*summary.Data) string
	// minutes is the measured cost of the evidence; nil where nothing is run yet.
	minutes func(*summary.Data) time.Duration
}

const reproduce = "make reproduce"

// published are the claims made for BPF-DB in print, in the order a reader meets them.
var published = []claim{
	{
		text: "performance level with the state of the art", source: "[1], abstract",
		figure: "throughput, YCSB", command: reproduce, minutes: (*summary.Data).Duration,
		judge: comparison{metric: summary.Throughput, baseline: summary.Redis, holds: notBelow(1)}.judge,
	},
	{
		text: "twice the throughput of Redis", source: "[2], early tests",
		figure: "throughput, YCSB", command: reproduce, minutes: (*summary.Data).Duration,
		judge: comparison{metric: summary.Throughput, baseline: summary.Redis, holds: atLeast(2)}.judge,
	},
	{
		text: "the throughput of Dragonfly", source: "[2], early tests",
		figure: "throughput, YCSB", command: reproduce, minutes: (*summary.Data).Duration,
		judge: comparison{metric: summary.Throughput, baseline: summary.Dragonfly, holds: notBelow(1)}.judge,
	},
	{
		text: "lower latency than Redis", source: "[2], early tests",
		figure: "p99, YCSB", command: reproduce, minutes: (*summary.Data).Duration,
		judge: comparison{metric: summary.P99, baseline: summary.Redis, holds: below(1)}.judge,
	},
	{
		text: "lower latency than Dragonfly", source: "[2], early tests",
		figure: "p99, YCSB", command: reproduce, minutes: (*summary.Data).Duration,
		judge: comparison{metric: summary.P99, baseline: summary.Dragonfly, holds: below(1)}.judge,
	},
	{
		text: "serializable multi-statement transactions", source: "[1], abstract",
		command: "make test", judge: untested("isolation has tests, not a figure"),
	},
	{
		text: "stored procedures 43 % ahead of VoltDB", source: "[1], abstract",
		judge: untested("the stored-procedure engine is not built yet"),
	},
}

func untested(why string) func(*summary.Data) string {
	return func(*summary.Data) string { return "not tested: " + why }
}

// claims writes the table of published claims with the verdict of the runs.
func claims(d *summary.Data) string {
	t := newTable(6, "published claim", "source", "our figure", "command", "minutes", "verdict")
	for _, c := range published {
		minutes, command := "", ""
		if c.minutes != nil {
			minutes = fmt.Sprintf("%.1f", c.minutes(d).Minutes())
		}
		if c.command != "" {
			command = "`" + c.command + "`"
		}
		t.row(c.text, c.source, c.figure, command, minutes, c.judge(d))
	}
	return t.String() + "\nA cell is one workload at one setting, our side its fastest path. A claim of " +
		"\"twice\" or \"lower\" holds in a cell when the whole interval does; a claim of equal throughput " +
		"fails in a cell when the whole interval lies below.\n\n" + provenance(d)
}
