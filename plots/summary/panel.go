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
	Loss        float64 // share of packets, in each direction
	RateOps     float64 // of an open loop; 0 in a closed one
	Speed       float64 // of a trace that keeps its times; 0 otherwise
	Trace       string  // replayed; empty without
	Arrival     string
	SLO         string
	Checkpoint  bool   // one is written in the middle of each trial
	Fields      string // hash: a record is one of ten fields
	Stop        string // of a recovery: how the server was ended
}

func settingOf(c results.Cell) Setting {
	trace := ""
	if c.Workload == results.TraceWorkload {
		trace = c.Distribution
	}
	return Setting{c.Experiment, c.ValueBytes, c.Pipeline, c.Connections, c.Driver, c.Threads, c.Records,
		c.Topology, c.Loss, c.RateOps, c.Speed, trace, c.Arrival, c.SLO, c.Checkpoint, c.Mapping, c.Stop}
}

func compareSettings(a, b Setting) int {
	return cmp.Or(cmp.Compare(a.Experiment, b.Experiment), cmp.Compare(a.ValueBytes, b.ValueBytes),
		cmp.Compare(a.Pipeline, b.Pipeline), cmp.Compare(a.Connections, b.Connections),
		cmp.Compare(a.Driver, b.Driver), cmp.Compare(a.Threads, b.Threads),
		cmp.Compare(a.Records, b.Records), cmp.Compare(a.Topology, b.Topology),
		cmp.Compare(a.Loss, b.Loss),
		cmp.Compare(a.Arrival, b.Arrival), cmp.Compare(a.SLO, b.SLO), cmp.Compare(a.RateOps, b.RateOps),
		cmp.Compare(a.Speed, b.Speed), cmp.Compare(a.Trace, b.Trace),
		cmp.Compare(a.Stop, b.Stop), cmp.Compare(a.Fields, b.Fields))
}

// String names the setting in the words of a figure title. Parts that an experiment does
// not have are left out.
func (s Setting) String() string {
	parts := []string{s.Experiment}
	if s.ValueBytes > 0 {
		parts = append(parts, units.Bytes(float64(s.ValueBytes))+" values")
	}
	if s.Stop != "" {
		return strings.Join(append(parts, "after SIG"+strings.ToUpper(s.Stop)), ", ")
	}
	if s.Pipeline > 0 {
		parts = append(parts, fmt.Sprintf("pipeline %d", s.Pipeline))
	}
	if s.Loss > 0 {
		parts = append(parts, fmt.Sprintf("%.3g %% of packets lost", 100*s.Loss))
	}
	if s.RateOps > 0 {
		parts = append(parts, units.Rate(s.RateOps)+"/s offered")
	}
	if s.Speed > 0 {
		parts = append(parts, fmt.Sprintf("%g× as fast as recorded", s.Speed))
	}
	if s.SLO != "" {
		parts = append(parts, "highest rate with "+s.SLO)
	}
	return strings.Join(parts, ", ")
}

// Loop says when operations are sent, and so what a latency is.
func (s Setting) Loop() string {
	if s.Stop != "" {
		return "recovery: from the start of the server until it answers and holds its records"
	}
	if s.Arrival == "" {
		return "closed loop: latency is service time at saturation"
	}
	return fmt.Sprintf("open loop, %s arrivals: latency is response time from the intended send", s.Arrival)
}

// Data says what keys there are and how a record becomes one.
func (s Setting) Data() string {
	if s.Trace != "" {
		return "keys and values of the trace"
	}
	return fmt.Sprintf("%s, %s keys", s.Mapping(), units.Count(float64(s.Records)))
}

// Mapping says how a record becomes a key: the first thing to know before comparing
// numbers with another harness.
func (s Setting) Mapping() string {
	if s.ValueBytes == 0 {
		return "1 key = one row"
	}
	if s.Fields != "" {
		return fmt.Sprintf("1 key = a hash of 10 fields, %d bytes together; an update writes one", s.ValueBytes)
	}
	return fmt.Sprintf("1 key = one %d-byte value", s.ValueBytes)
}

// Row is one workload of a panel.
type Row struct{ Workload, Distribution string }

// Client says what put the load on: "50 connections, raw driver on 1 thread".
func (s Setting) Client() string {
	client := s.Driver + " driver"
	switch s.Connections {
	case 0: // varied by a sweep
	case 1:
		client = "1 connection, " + client
	default:
		client = fmt.Sprintf("%d connections, %s", s.Connections, client)
	}
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

// arm is a system and how transactions are put to it.
type arm struct{ system, mode string }

// Panel is every trial at one setting: rows of workloads, columns of systems.
type Panel struct {
	Setting Setting
	Rows    []Row
	// Systems have trials here, or are not installed. One that takes transactions in several
	// modes stands here once for each, its name ending in the mode.
	Systems []results.System
	seed    uint64 // of every resampling
	samples map[cell][]sample
	arms    map[string]arm // by column
}

func newPanel(s Setting, seed uint64) *Panel {
	return &Panel{Setting: s, seed: seed, samples: map[cell][]sample{}, arms: map[string]arm{}}
}

func (p *Panel) add(run int, trial *results.Trial) {
	row := Row{trial.Cell.Workload, trial.Cell.Distribution}
	if !slices.Contains(p.Rows, row) {
		p.Rows = append(p.Rows, row)
	}
	key := cell{trial.Cell.Arm(), row}
	p.arms[trial.Cell.Arm()] = arm{trial.Cell.System, trial.Cell.Mode}
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
		arms := p.armsOf(system.Name)
		if len(arms) == 0 && system.NotInstalled != "" {
			arms = []string{system.Name}
		}
		for _, name := range arms {
			arm := system
			arm.Name = name
			p.Systems = append(p.Systems, arm)
		}
	}
}

// armsOf names the panel's arms of a system, those by procedure first.
func (p *Panel) armsOf(system string) []string {
	var names []string
	for name, arm := range p.arms {
		if arm.system == system {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(modeRank(p.arms[a].mode), modeRank(p.arms[b].mode)), cmp.Compare(a, b))
	})
	return names
}

// SystemOf is the system behind one of the panel's columns, and the mode of its
// transactions.
func (p *Panel) SystemOf(column string) (system, mode string) {
	if arm, known := p.arms[column]; known {
		return arm.system, arm.mode
	}
	return column, ""
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
