package results

import (
	"fmt"
	"path/filepath"
	"time"
)

// Instruments that an extra trial may have.
const (
	InstrumentPerf = "perf" // samples of the whole machine with call chains, drawn as a flame graph
	InstrumentBPF  = "bpf"  // run counts and run times of the server's BPF programs
)

// Instruments are all there are.
var Instruments = []string{InstrumentPerf, InstrumentBPF}

// InstrumentedTrial is a trial that was made to look inside, not to be measured: the instrument
// takes processor time, and so Ops, DurationNS and CPU only say how much was looked at.
type InstrumentedTrial struct {
	Instrument string    `json:"instrument"` // perf or bpf
	Cell       Cell      `json:"cell"`
	CellHash   string    `json:"cell_hash"` // identifies the cell, its seed and the instrument
	Order      int       `json:"order"`     // position among the instrumented trials
	Seed       uint64    `json:"seed"`
	Started    time.Time `json:"started"`
	Ops        uint64    `json:"ops"`
	DurationNS int64     `json:"duration_ns"`
	CPU        CPU       `json:"cpu"` // of the whole machine, the instrument's own work included
	// Profile is what perf has seen, Programs what the BPF programs took; each is there for its
	// instrument only. A server without BPF programs has no Programs.
	Profile  *Profile      `json:"profile,omitempty"`
	Programs []ProgramTime `json:"programs,omitempty"`
	// NotInstalled says why the instrument is absent from this machine, so that nothing was run.
	NotInstalled string `json:"not_installed,omitempty"`
	Failure      string `json:"failure,omitempty"` // why there is nothing to see; empty when there is
}

// Profile is where perf has found the processors. Counts are of samples, told apart by the innermost
// frame.
type Profile struct {
	Perf        string `json:"perf"` // its version
	FrequencyHz int    `json:"frequency_hz"`
	Samples     uint64 `json:"samples"` // on all processors; the others add up to it
	Idle        uint64 `json:"idle_samples"`
	User        uint64 `json:"user_samples"`
	Kernel      uint64 `json:"kernel_samples"` // but for what BPF programs took
	BPF         uint64 `json:"bpf_samples"`
	// FlameGraph and Stacks are files relative to run.json: a drawing, and the folded stacks that it
	// and tools of others are drawn from.
	FlameGraph string `json:"flame_graph"`
	Stacks     string `json:"stacks"`
}

// ProgramTime is what one BPF program took in a trial, by the kernel's own statistics
// (run_time_ns and run_cnt of bpf_prog_info). Programs it calls are part of it.
type ProgramTime struct {
	Name      string  `json:"name"` // as the kernel keeps it: 15 characters
	Type      string  `json:"type"`
	Runs      uint64  `json:"runs"`
	RunTimeNS uint64  `json:"run_time_ns"`
	PerRunNS  float64 `json:"per_run_ns"` // RunTimeNS / Runs; 0 of one that did not run
	PerOpNS   float64 `json:"per_op_ns"`  // RunTimeNS / the trial's Ops
}

func (t *InstrumentedTrial) validate() error {
	if t.CellHash == "" || t.Order < 0 || t.Instrument != InstrumentPerf && t.Instrument != InstrumentBPF {
		return fmt.Errorf("cell_hash %q, order %d, instrument %q", t.CellHash, t.Order, t.Instrument)
	}
	if t.Failure != "" || t.NotInstalled != "" {
		return nil // nothing else was promised
	}
	if t.Ops == 0 || t.DurationNS <= 0 {
		return fmt.Errorf("no failure, yet ops %d, duration_ns %d", t.Ops, t.DurationNS)
	}
	if p := t.Profile; p != nil && !(filepath.IsLocal(p.FlameGraph) && filepath.IsLocal(p.Stacks)) {
		return fmt.Errorf("profile %q, %q does not lie in the run directory", p.FlameGraph, p.Stacks)
	}
	return nil
}
