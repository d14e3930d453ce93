package results

// TraceWorkload is the Cell.Workload of trials that replay a trace, whose name is the Cell's
// Distribution.
const TraceWorkload = "trace"

// Trace is what a trial took from the trace of a cache that it replayed, warm-up included, and
// what it had to leave out or change.
type Trace struct {
	Source string `json:"source"` // path of the file as the spec has it, or the parameters of a synthetic trace
	// LinesSHA256 is of the lines read, each with one line feed: equal for equal traces, however
	// they were packed.
	LinesSHA256 string `json:"lines_sha256"`
	Lines       uint64 `json:"lines"`
	SpanNS      int64  `json:"span_ns"` // of the trace's own time, from the first request to the last
	Keys        uint64 `json:"keys"`
	Loaded      uint64 `json:"loaded"` // keys stored before the warm-up, as the trace takes them for granted
	// Operations are those that occur, in the words of the trace.
	Operations []TraceOperation `json:"operations"`

	AbsentReads uint64 `json:"absent_reads"` // in the measured phase; of keys that the trace leaves without a value
	TTLIgnored  uint64 `json:"ttl_ignored"`  // requests whose time to live was not sent
	CutValues   uint64 `json:"cut_values"`   // requests whose value was too long, or no number where the trace counts
	LongKeys    uint64 `json:"long_keys"`    // requests that were skipped for the length of their key
	OtherSizes  uint64 `json:"other_sizes"`  // requests whose anonymized key has not the length the trace gives
	Unordered   uint64 `json:"unordered"`    // lines with a timestamp before that of an earlier one
}

// TraceOperation is one operation of a trace.
type TraceOperation struct {
	Operation string `json:"operation"` // get, cas, ...
	Command   string `json:"command"`   // of Redis; empty: there is none
	Sent      uint64 `json:"sent"`
	Skipped   uint64 `json:"skipped,omitempty"`
	Differs   string `json:"differs,omitempty"` // what the command does otherwise than the operation
}
