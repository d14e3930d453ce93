package summary

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bpfdb/plots/units"
	"bpfdb/results"
)

// Setting is what all cells of one panel have in common.
type Setting struct {
	Experiment  string
	ValueBytes  int
	Pipeline    int
	Connections int
	Driver      string
	Threads     int // of the raw driver
	Records     uint64
	Topology    string
}

func settingOf(c results.Cell) Setting {
	return Setting{c.Experiment, c.ValueBytes, c.Pipeline, c.Connections, c.Driver, c.Threads, c.Records,
		c.Topology}
}

func compareSettings(a, b Setting) int {
	return cmp.Or(cmp.Compare(a.Experiment, b.Experiment), cmp.Compare(a.ValueBytes, b.ValueBytes),
		cmp.Compare(a.Pipeline, b.Pipeline), cmp.Compare(a.Connections, b.Connections),
		cmp.Compare(a.Driver, b.Driver), cmp.Compare(a.Threads, b.Threads),
		cmp.Compare(a.Records, b.Records), cmp.Compare(a.Topology, b.Topology))
}

// String names the setting in the words of a figure title.
func (s Setting) String() string {
	if s.ValueBytes == 0 {
		return fmt.Sprintf("%s, %d connections", s.Experiment, s.Connections)
	}
	return fmt.Sprintf("%s, %s values, pipeline %d",
		s.Experiment, units.Bytes(float64(s.ValueBytes)), s.Pipeline)
}

// Mapping says how a record becomes a key: the first thing to know before comparing
// numbers with another harness.
func (s Setting) Mapping() string {
	if s.ValueBytes == 0 {
		return "1 key = one row"
	}
	return fmt.Sprintf("1 key = one %d-byte value", s.ValueBytes)
}

// Row is one workload of a panel.
type Row struct{ Workload, Distribution string }

// Client says what put the load on: "50 connections, raw driver on 1 thread".
func (s Setting) Client() string {
	client := fmt.Sprintf("%d connections, %s driver", s.Connections, s.Driver)
	switch s.Threads {
	case 0:
		return client
	case 1:
		return client + " on 1 thread"
	}
	return fmt.Sprintf("%s on %d threads", client, s.Threads)
}

// sample is one trial, with the run it belongs to.
type sample struct {
	run   int
	trial *results.Trial
}

func (s sample) round() round { return round{s.run, s.trial.Round} }

// round names trials that were measured next to each other.
type round struct{ run, number int }

type cell struct {
	system string // with the mode, where there are several
	row    Row
}

// Panel is every trial at one setting: rows of workloads, columns of systems.
type Panel struct {
	Setting Setting
	Rows    []Row
	Systems []results.System // that have trials here, or are not installed
	seed    uint64           // of every resampling
	samples map[cell][]sample
}

func (p *Panel) add(run int, trial *results.Trial) {
	row := Row{trial.Cell.Workload, trial.Cell.Distribution}
	if !slices.Contains(p.Rows, row) {
		p.Rows = append(p.Rows, row)
	}
	key := cell{trial.Cell.Arm(), row}
	p.samples[key] = append(p.samples[key], sample{run, trial})
}

// finish puts rows and samples in their order and picks the panel's systems.
func (p *Panel) finish(systems []results.System) {
	slices.SortFunc(p.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Workload, b.Workload), cmp.Compare(a.Distribution, b.Distribution))
	})
	for _, samples := range p.samples {
		slices.SortFunc(samples, func(a, b sample) int {
			return cmp.Or(cmp.Compare(a.run, b.run), cmp.Compare(a.trial.Round, b.trial.Round))
		})
	}
	for _, system := range systems {
		if system.NotInstalled != "" || p.has(system.Name) {
			p.Systems = append(p.Systems, system)
		}
		for _, name := range p.arms(system.Name) {
			arm := system
			arm.Name = name
			p.Systems = append(p.Systems, arm)
		}
	}
}

// arms lists the names under which a system ran transactions in several modes, in order.
func (p *Panel) arms(system string) []string {
	var names []string
	for key := range p.samples {
		if strings.HasPrefix(key.system, system+" ") && !slices.Contains(names, key.system) {
			names = append(names, key.system)
		}
	}
	slices.Sort(names)
	return names
}

// Baseline names what ratios are to: Redis, in a panel of transactions its scripts.
func (p *Panel) Baseline() string {
	if scripts := Redis + " lua"; p.has(scripts) {
		return scripts
	}
	return Redis
}

func (p *Panel) has(system string) bool {
	for key := range p.samples {
		if key.system == system {
			return true
		}
	}
	return false
}

// Label names a row; the distribution is added where the workload alone is ambiguous.
func (p *Panel) Label(row Row) string {
	for _, other := range p.Rows {
		if other.Workload == row.Workload && other != row {
			return row.Workload + ", " + row.Distribution
		}
	}
	return row.Workload
}

// System finds one of the panel's systems by name.
func (p *Panel) System(name string) (results.System, bool) {
	at := slices.IndexFunc(p.Systems, func(s results.System) bool { return s.Name == name })
	if at < 0 {
		return results.System{}, false
	}
	return p.Systems[at], true
}

// Distributions lists the request distributions of the panel's rows, once each.
func (p *Panel) Distributions() []string {
	var names []string
	for _, row := range p.Rows {
		if !slices.Contains(names, row.Distribution) {
			names = append(names, row.Distribution)
		}
	}
	return names
}
