package tables

import (
	"fmt"
	"slices"

	"bpfdb/plots/summary"
)

// claim is one published statement and how a run decides on it.
type claim struct {
	text   string
	source string
	figure string
	// experiment is the spec whose figures decide, and whose minutes are given; empty where
	// command says what does, or nothing does yet.
	experiment string
	command    string
	judge      func(*summary.Data) string
}

// published are the claims made for BPF-DB in print, in the order a reader meets them.
var published = []claim{
	{
		text: "performance level with the state of the art", source: "[1], abstract",
		figure: "throughput, YCSB", experiment: mainExperiment,
		judge: comparison{metric: summary.Throughput, baseline: summary.Redis, holds: notBelow(1)}.judge,
	},
	{
		text: "twice the throughput of Redis", source: "[2], early tests",
		figure: "throughput, YCSB", experiment: mainExperiment,
		judge: comparison{metric: summary.Throughput, baseline: summary.Redis, holds: atLeast(2)}.judge,
	},
	{
		text: "the throughput of Dragonfly", source: "[2], early tests",
		figure: "throughput, YCSB", experiment: mainExperiment,
		judge: comparison{metric: summary.Throughput, baseline: summary.Dragonfly, holds: notBelow(1)}.judge,
	},
	{
		text: "lower latency than Redis", source: "[2], early tests",
		figure: "p99, YCSB", experiment: mainExperiment,
		judge: comparison{metric: summary.P99, baseline: summary.Redis, holds: below(1)}.judge,
	},
	{
		text: "lower latency than Dragonfly", source: "[2], early tests",
		figure: "p99, YCSB", experiment: mainExperiment,
		judge: comparison{metric: summary.P99, baseline: summary.Dragonfly, holds: below(1)}.judge,
	},
	{
		text: "serializable multi-statement transactions", source: "[1], abstract",
		command: "make test", judge: untested("isolation has tests, not a figure"),
	},
	{
		text: "stored procedures 43 % ahead of VoltDB", source: "[1], abstract",
		figure: "throughput, Voter", experiment: voter,
		judge: untested("VoltDB has no driver here; against scripts in Redis see the goals"),
	},
}

// voter is the experiment of the stored procedures.
const voter = "voter"

func untested(why string) func(*summary.Data) string {
	return func(*summary.Data) string { return "not tested: " + why }
}

// claims writes the table of published claims with the verdict of the runs.
func claims(d *summary.Data) string {
	t := newTable(6, "published claim", "source", "our figure", "command", "minutes", "verdict")
	for _, c := range published {
		minutes, command := "", c.command
		if c.experiment != "" && slices.Contains(d.Experiments(), c.experiment) {
			command = "make fig-" + c.experiment
			minutes = fmt.Sprintf("%.1f", d.ExperimentDuration(c.experiment).Minutes())
		}
		if command != "" {
			command = "`" + command + "`"
		}
		t.row(c.text, c.source, c.figure, command, minutes, c.judge(d))
	}
	return t.String() + "\nA cell is one workload at one setting, our side its fastest path. A claim of " +
		"\"twice\" or \"lower\" holds in a cell when the whole interval does; a claim of equal throughput " +
		"fails in a cell when the whole interval lies below. The geometric mean is over all cells, round by " +
		"round, with the interval over rounds. Minutes are those of the experiment in this profile.\n\n" +
		provenance(d)
}
