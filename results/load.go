package results

// Client is how the load generator fared: a point where it was the bottleneck says little
// about the server.
type Client struct {
	Processes int `json:"processes,omitempty"` // that shared the load; absent: one
	// Busy is the largest share of the phase that a generating thread (raw) or process
	// (go-redis, of all processors) spent computing, 0 to 1.
	Busy float64 `json:"busy"`
	// Own is the share it spent in code of its own. The rest is the kernel's, where servers work
	// that answer in the sender's system calls.
	Own float64 `json:"own,omitempty"`
	// Saturated says why the figures may be the generator's; empty when they are not.
	Saturated string `json:"saturated,omitempty"`
}

// OpenLoop is what only the trial of an open loop has.
type OpenLoop struct {
	Service []OpLatency `json:"service"` // from when a command was sent to its reply
	Lag     OpLatency   `json:"lag"`     // how late the generator sent, by no fault of the server
	// Held counts operations that waited, due, because as many as `pipeline` allows were
	// unanswered on their connection. Response times count the wait.
	Held uint64 `json:"held"`
}

// Warmup is what was sent before the clock started.
type Warmup struct {
	Ops uint64 `json:"ops"`
	NS  int64  `json:"ns"`
	// Steady says whether the server had settled, where that was waited for.
	Steady *bool `json:"steady,omitempty"`
}

// Window is a second of the measured phase.
type Window struct {
	Ops   uint64 `json:"ops"` // answered in it
	P50NS int64  `json:"p50_ns"`
	P99NS int64  `json:"p99_ns"`
	MaxNS int64  `json:"max_ns"`
}

// SLOSearch is the search for the highest rate that a system serves within a limit of
// response time. The trial's own figures are those of the best probe.
type SLOSearch struct {
	Percentile float64 `json:"percentile"` // 0 to 100
	LimitNS    int64   `json:"limit_ns"`
	RateOps    float64 `json:"rate_ops"` // highest that was served; 0: not even the lowest tried
	// Bounded says that the search ended at the highest rate to try, or at what the generator
	// can send, and the system may serve more.
	Bounded bool       `json:"bounded,omitempty"`
	Probes  []SLOProbe `json:"probes"` // in order
}

// SLOProbe is one rate tried.
type SLOProbe struct {
	RateOps   float64 `json:"rate_ops"`
	LatencyNS int64   `json:"latency_ns"` // at the percentile
	Kept      bool    `json:"kept"`       // the limit
	Saturated string  `json:"saturated,omitempty"`
}
