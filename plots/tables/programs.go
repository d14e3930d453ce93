package tables

import (
	"fmt"

	"bpfdb/plots/summary"
	"bpfdb/plots/units"
	"bpfdb/results"
)

// Programs says what each BPF program took in the instrumented trials of the runs, those that hardly
// ran left out; empty without such trials. Processor time stands beside it: it is the whole
// machine's, softirqs included, while the kernel kept its statistics.
func Programs(d *summary.Data) string {
	t := newTable(3, "setting", "system", "BPF program", "runs per op", "time per run", "time per op",
		"share of the CPU", "CPU per op", "of it softirq")
	rows := 0
	for _, run := range d.Runs {
		for i := range run.Instrumented {
			if trial := &run.Instrumented[i]; trial.Instrument == results.InstrumentBPF {
				programRows(t, trial)
				rows++
			}
		}
	}
	if rows == 0 {
		return ""
	}
	return t.String()
}

// leastShare is which part of all programs' time one must take to have a row: a thousandth.
const leastShare = 1000

// programRows has the whole machine in the first row of a trial, then its programs.
func programRows(t *table, trial *results.InstrumentedTrial) {
	setting := CellText(trial.Cell)
	if trial.Failure != "" {
		t.row(setting, trial.Cell.Arm(), "failed: "+trial.Failure)
		return
	}
	softirq := float64(trial.CPU.SoftIRQNS) / float64(trial.Ops)
	what, ran := "all together", 0
	var runs, time uint64
	for _, p := range trial.Programs {
		if p.Runs > 0 {
			ran++
		}
		runs, time = runs+p.Runs, time+p.RunTimeNS
	}
	if len(trial.Programs) == 0 {
		what = "none"
	}
	cells := programCells(trial, what, runs, time)
	t.row(append(cells, units.Duration(trial.CPU.PerOpNS), units.Duration(softirq))...)
	for _, p := range trial.Programs {
		if ran > 1 && p.Runs > 0 && p.RunTimeNS >= time/leastShare {
			t.row(programCells(trial, p.Name, p.Runs, p.RunTimeNS)...)
		}
	}
}

func programCells(trial *results.InstrumentedTrial, what string, runs, timeNS uint64) []string {
	cells := []string{CellText(trial.Cell), trial.Cell.Arm(), what}
	if runs == 0 {
		return append(cells, "", "", "", "")
	}
	ops, time := float64(trial.Ops), float64(timeNS)
	share := ""
	if trial.CPU.BusyNS > 0 {
		share = units.Percent(time / float64(trial.CPU.BusyNS))
	}
	return append(cells, units.Digits(float64(runs)/ops), units.Duration(time/float64(runs)),
		units.Duration(time/ops), share)
}

// CellText names a cell apart from its system, for lists of cells of several settings.
func CellText(c results.Cell) string {
	text := fmt.Sprintf("%s, %s, %s", c.Experiment, c.Workload, c.Distribution)
	if c.ValueBytes > 0 {
		text += fmt.Sprintf(", %s values", units.Bytes(float64(c.ValueBytes)))
	}
	text += fmt.Sprintf(", c%d, pipeline %d", c.Connections, c.Pipeline)
	if c.Speed > 0 {
		text += fmt.Sprintf(", %g times as fast", c.Speed)
	}
	if c.RateOps > 0 {
		text += fmt.Sprintf(", %s/s offered", units.Rate(c.RateOps))
	}
	return text
}
