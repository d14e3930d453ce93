package results

import "time"

// Run is one invocation of `bench run`: every trial of every cell of its specs.
type Run struct {
	SchemaVersion int       `json:"schema_version"`
	Profile       string    `json:"profile"` // quick or paper
	Started       time.Time `json:"started"`
	// Finished is absent from a run that was interrupted: its trials so far are valid.
	Finished      time.Time    `json:"finished,omitzero"`
	Resumed       []time.Time  `json:"resumed,omitempty"` // when an interrupted run went on
	Seed          uint64       `json:"seed"`
	Environment   Environment  `json:"environment"`
	Experiments   []Experiment `json:"experiments"`
	Systems       []System     `json:"systems"`
	PlannedTrials int          `json:"planned_trials"`        // on systems that are installed
	NoiseFloor    *NoiseFloor  `json:"noise_floor,omitempty"` // of an A/A run
	Trials        []Trial      `json:"trials"`
	// Instrumented are extra trials that looked inside while they ran. Looking costs time: their
	// figures are apart from those of Trials and enter no figure, table or comparison of them.
	Instrumented []InstrumentedTrial `json:"instrumented,omitempty"`
}

// Experiment is one spec file of the run.
type Experiment struct {
	Name       string `json:"name"`
	Title      string `json:"title"`
	SpecFile   string `json:"spec_file"`
	SpecSHA256 string `json:"spec_sha256"`
}

// System is one server as it was found and configured for the run.
type System struct {
	Name string `json:"name"` // the spec's name: bpfdb-sockmap, redis, ...
	// NotInstalled says why the system has no trials; empty when it ran.
	NotInstalled string            `json:"not_installed,omitempty"`
	Version      string            `json:"version,omitempty"`
	Command      []string          `json:"command,omitempty"` // {{port}}, {{dir}}, ... differ between trials
	BinarySHA256 string            `json:"binary_sha256,omitempty"`
	Settings     map[string]string `json:"settings,omitempty"` // persistence, memory, threads
	// Observed is what the running server says of itself, for comparison with Settings.
	Observed map[string]string `json:"observed,omitempty"`
	// Programs are the BPF programs the running server holds.
	Programs []BPFProgram `json:"bpf_programs,omitempty"`
	Remote   string       `json:"remote,omitempty"` // address of a server that was not started here
}

// Cell names one point of an experiment: a system under one workload at one setting.
type Cell struct {
	Experiment   string `json:"experiment"` // the spec file's name
	System       string `json:"system"`
	Workload     string `json:"workload"`     // ycsb-a, ping, ...
	Distribution string `json:"distribution"` // of keys; of the workload trace, the trace's name
	Records      uint64 `json:"records"`      // 0 where a trace says itself what keys there are
	ValueBytes   int    `json:"value_bytes"`  // 0 where values have sizes of their own
	Driver       string `json:"driver"`       // raw or go-redis
	Threads      int    `json:"threads"`      // of the raw driver; 0 for go-redis
	Connections  int    `json:"connections"`
	Pipeline     int    `json:"pipeline"`
	Topology     string `json:"topology"` // loopback or veth
	// Loss is the share of packets, 0 to 1, that a veth link loses in each direction while it is measured.
	Loss    float64 `json:"loss,omitempty"`
	Mapping string  `json:"mapping,omitempty"` // hash: a record is a hash of ten fields; absent: one value
	// RateOps is the rate of an open loop, in operations per second, and Arrival how they
	// come: fixed or poisson. Both are absent from a closed loop.
	RateOps float64 `json:"rate_ops,omitempty"`
	Arrival string  `json:"arrival,omitempty"`
	// Speed is how many times as fast as recorded a trace is replayed by its own times, which
	// makes Arrival trace; absent where it is replayed in a closed loop.
	Speed float64 `json:"speed,omitempty"`
	SLO   string  `json:"slo,omitempty"` // what a search for the highest rate keeps: p99<=1ms

	ServerCPUs string `json:"server_cpus,omitempty"` // pinned to, as in taskset -c; absent: free
	ClientCPUs string `json:"client_cpus,omitempty"`
	// Mode says how transactions are put to the system: procedure, lua, interactive, multi or
	// unsafe; empty for operations on single keys.
	Mode string `json:"mode,omitempty"`
	// Checkpoint says that one is written in the middle of the measured phase. Stop makes the
	// trial one of recovery: how the server is ended before it is started again, term or kill.
	Checkpoint bool   `json:"checkpoint,omitempty"`
	Stop       string `json:"stop,omitempty"`
}

// Arm names the side of a comparison that the cell stands on: its system, and its mode.
func (c Cell) Arm() string {
	if c.Mode == "" {
		return c.System
	}
	return c.System + " " + c.Mode
}

// Trial is one measured execution of a cell against a fresh server.
type Trial struct {
	Cell     Cell      `json:"cell"`
	CellHash string    `json:"cell_hash"` // identifies the cell and its seed
	Round    int       `json:"round"`     // trials of one round ran next to each other
	Order    int       `json:"order"`     // position in the whole run
	Seed     uint64    `json:"seed"`      // of the op stream: the same for all systems of a round
	Started  time.Time `json:"started"`   // of the measured phase, or of the attempt if it failed before

	// OpStreamHash is a digest of every operation generated, in order, per worker:
	// equal hashes prove that two systems received the same load.
	OpStreamHash   string      `json:"op_stream_hash"`
	Ops            uint64      `json:"ops"`
	DurationNS     int64       `json:"duration_ns"`
	ThroughputOps  float64     `json:"throughput_ops"` // operations per second
	WarmupOps      uint64      `json:"warmup_ops"`     // issued before the clock, not in Ops
	Errors         uint64      `json:"errors"`
	VerifyFailures uint64      `json:"verify_failures"` // reads that returned a wrong value
	Misses         uint64      `json:"misses"`          // reads of a key that should have been there
	Latency        []OpLatency `json:"latency"`         // one per operation kind, and "all"
	CPU            CPU         `json:"cpu"`
	ServerMemory   uint64      `json:"server_memory_bytes,omitempty"`
	// ServerEmpty is the same before loading; Resident and Maps are what the process and the
	// BPF maps of the server take after it, EmptyResident and EmptyMaps before.
	ServerEmpty         uint64 `json:"server_empty_bytes,omitempty"`
	ServerResident      uint64 `json:"server_resident_bytes,omitempty"`
	ServerMaps          uint64 `json:"server_map_bytes,omitempty"`
	ServerEmptyResident uint64 `json:"server_empty_resident_bytes,omitempty"`
	ServerEmptyMaps     uint64 `json:"server_empty_map_bytes,omitempty"`

	Client  Client    `json:"client"`
	Open    *OpenLoop `json:"open,omitempty"`
	Warmup  *Warmup   `json:"warmup,omitempty"`
	Windows []Window  `json:"windows,omitempty"` // of WindowNS each
	// WindowNS is the length of a window; absent: a second.
	WindowNS int64 `json:"window_ns,omitempty"`
	// DiskBytes is what the server's data directory took after the measured phase.
	DiskBytes  uint64      `json:"disk_bytes,omitempty"`
	Checkpoint *Checkpoint `json:"checkpoint,omitempty"`
	Recovery   *Recovery   `json:"recovery,omitempty"`
	SLO        *SLOSearch  `json:"slo,omitempty"`
	Trace      *Trace      `json:"trace,omitempty"`
	// Transactions counts how the transactions of each type ended, and Invariants says what
	// reading the data back afterwards has shown; both only in cells with a mode. Ops are all
	// that ended, latencies those that committed or aborted, from the first try on.
	Transactions []TransactionCount `json:"transactions,omitempty"`
	Invariants   []Invariant        `json:"invariants,omitempty"`
	// AnomalyScore is YCSB+T's gamma: by how much the sum over the data is wrong, per
	// transaction. A serializable system has 0.
	AnomalyScore *float64 `json:"anomaly_score,omitempty"`
	// ClampedShare is the share of the values whose size did not fit and was changed, where
	// their law is not bounded.
	ClampedShare float64 `json:"clamped_share,omitempty"`
	HistogramLog string  `json:"histogram_log"` // path of the .hlog, relative to run.json
	// WindowLog is the same for the windows: an interval for each, latencies to two digits.
	WindowLog string `json:"window_log,omitempty"`
	Failure   string `json:"failure,omitempty"` // why the trial is unusable; empty when it is good
}

// OpLatency summarises one operation kind's latency: in Trial.Latency the service time of a
// closed loop, the response time from the intended send of an open one. Percentiles come from the
// trial's merged histogram and are never averaged across trials.
type OpLatency struct {
	Op     string  `json:"op"`
	Count  uint64  `json:"count"`
	MinNS  int64   `json:"min_ns"`
	P50NS  int64   `json:"p50_ns"`
	P90NS  int64   `json:"p90_ns"`
	P99NS  int64   `json:"p99_ns"`
	P999NS int64   `json:"p999_ns"`
	MaxNS  int64   `json:"max_ns"`
	MeanNS float64 `json:"mean_ns"`
	// P99LoNS and P99HiNS bound the 99th percentile with 95 % confidence within this trial, by
	// order statistics as if latencies were independent; they are not, so it is a lower
	// bound of the doubt, and intervals over trials are what figures show. Absent with too few.
	P99LoNS int64 `json:"p99_lo_ns,omitempty"`
	P99HiNS int64 `json:"p99_hi_ns,omitempty"`
	// SpectrumNS holds the latency at quantiles 1 - 10^(-k/8), k = 0, 1, 2, ...; it ends where
	// fewer than one value lies above. Absent from runs before it was recorded.
	SpectrumNS []int64 `json:"spectrum_ns,omitempty"`
}

// AllOps is the OpLatency.Op of every operation together.
const AllOps = "all"

// All is the latency of every operation together; nil where there is none.
func (t *Trial) All() *OpLatency {
	for i := range t.Latency {
		if t.Latency[i].Op == AllOps {
			return &t.Latency[i]
		}
	}
	return nil
}

// CPU is whole-machine processor time during the measured phase, from /proc/stat.
// An in-kernel server's work is charged to no process, so per-process figures would
// flatter it (softirq and kworker time belong to nobody).
type CPU struct {
	BusyNS    int64   `json:"busy_ns"`
	UserNS    int64   `json:"user_ns"`
	SystemNS  int64   `json:"system_ns"`
	SoftIRQNS int64   `json:"softirq_ns"`
	StealNS   int64   `json:"steal_ns"`
	PerOpNS   float64 `json:"per_op_ns"` // BusyNS / Ops, client included
}

// Environment is what is needed to judge whether two runs may be compared.
type Environment struct {
	Kernel       string            `json:"kernel"`
	CPUModel     string            `json:"cpu_model"`
	CPUs         int               `json:"cpus"`
	MemoryBytes  uint64            `json:"memory_bytes"`
	Virtualized  string            `json:"virtualized,omitempty"`
	Governor     string            `json:"governor,omitempty"`
	Clocksource  string            `json:"clocksource"`
	THP          string            `json:"thp"`
	Mitigations  map[string]string `json:"mitigations"`
	Sysctls      map[string]string `json:"sysctls"`
	GoVersion    string            `json:"go_version"`
	GitCommit    string            `json:"git_commit"`
	GitDirty     bool              `json:"git_dirty"`
	BPFObjects   map[string]string `json:"bpf_objects,omitempty"` // object name → sha256
	LoadAvg      string            `json:"load_avg"`
	HarnessFlags []string          `json:"harness_flags"`
	Details
}

// TransactionCount is how the transactions of one type ended in the measured phase.
type TransactionCount struct {
	Type      string `json:"type"` // vote, send_payment, ...
	Commits   uint64 `json:"commits"`
	Aborts    uint64 `json:"aborts"`    // by the transaction's own rules: no funds, no such row
	Conflicts uint64 `json:"conflicts"` // tries that were repeated because of others
	GaveUp    uint64 `json:"gave_up"`   // transactions whose every try met a conflict
}

// Invariant is a check of the data after the run.
type Invariant struct {
	Name   string `json:"name"`
	Holds  bool   `json:"holds"`
	Detail string `json:"detail"` // what was compared
}
