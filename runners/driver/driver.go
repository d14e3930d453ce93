// Package driver sends one workload to one RESP server and measures the replies, closed
// loop: each connection sends a batch of Pipeline operations, waits for all its replies
// and sends the next.
//
// Two drivers share one Config and one Result. "raw" is lean: a few threads, each with its
// own epoll instance, and no allocation per operation; it keeps the client from being what
// is measured. "go-redis" is what an application would use. A worker is a connection in
// both: it draws its operations from its own stream, so the load is a function of the
// workload, the seed, Connections and Operations, whatever the driver, the number of
// threads and the server.
package driver

import (
	"context"
	"errors"
	"time"

	"bpfdb/workloads"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Names of the drivers.
const (
	Raw     = "raw"
	GoRedis = "go-redis"
)

// Errors that end a run. What the server answers with an error reply is not among them:
// such replies are counted in Result.Errors.
var (
	// ErrConfig means the configuration is bad; the text names the field and its value.
	ErrConfig = errors.New("invalid driver configuration")
	// ErrTimeout means a batch had not been answered within Config.Timeout.
	ErrTimeout = errors.New("no reply in time")
	// ErrClosed means the server closed or reset a connection that was in use.
	ErrClosed = errors.New("connection closed by server")
	// ErrProtocol means the server sent something that is not RESP, or an unasked reply.
	ErrProtocol = errors.New("protocol error")
)

// Config says what to send where. Everything that influences the measurement is explicit.
type Config struct {
	Network string // "tcp" or "unix"; empty means tcp
	Addr    string // host:port, or the path of a unix socket
	Driver  string // Raw or GoRedis

	Connections int // each is a worker with a stream of its own
	Pipeline    int // operations in flight per connection
	Threads     int // of the raw driver; go-redis runs a goroutine per connection
	Protocol    int // RESP version, 2 or 3; 0 means 3

	Workload         workloads.Spec
	Seed             uint64
	Operations       uint64 // of the measured phase, split exactly among the connections
	WarmupOperations uint64 // sent first, from another stream, and left out of the Result
	Verify           bool   // check every value read

	Timeout time.Duration // for connecting, and for all replies to a batch; 0 means 10 s

	// Progress, if set, is told about ten times a second how many operations of the
	// current phase are done. It runs on a goroutine of its own.
	Progress func(done, total uint64)
	// Starting and Finished, if set, run just before the first operation of the measured
	// phase is sent and just after its last reply: the place to read CPU counters.
	Starting, Finished func()
}

// Result is what one measured phase did. It covers the operations that were answered,
// also when the phase ended early with an error.
type Result struct {
	// Ops counts the operations answered, error replies included. A read-modify-write is
	// one operation and two Commands.
	Ops      uint64
	Commands uint64

	Errors     uint64 // error replies, and latencies the histograms could not hold
	FirstError string // text of the first one seen; empty without errors

	VerifyFailures     uint64 // reads that returned a value nobody wrote to that key
	FirstVerifyFailure string
	Misses             uint64 // reads of a key that was not there

	ElapsedNS   int64 // from before the first write to after the last reply
	ClientCPUNS int64 // user and system time of this process in the phase

	// Latency has a series for each kind of operation that occurred, in order of kind.
	// As in YCSB, a read-modify-write adds its parts to READ and UPDATE and its whole to
	// READ-MODIFY-WRITE. Error replies are in no series.
	Latency []Series
	// All holds every operation once: a read-modify-write as its whole only.
	All *hdrhistogram.Histogram

	// OpStreamDigest folds the digests of the workers' streams in worker order. Phases with
	// the same digest generated the same operations.
	OpStreamDigest uint64
}

// Series is the service times of one kind of operation in nanoseconds: from just before
// the write of the batch that held it to when its reply had been read from the socket
// (raw) or when the whole batch had been answered (go-redis with Pipeline above 1). The
// histogram spans 1 ns to 60 s with three significant digits.
type Series struct {
	Kind workloads.Kind
	Hist *hdrhistogram.Histogram
}

// Load inserts every record of the workload, pipelined. Operations, WarmupOperations and
// Seed are not used.
func Load(ctx context.Context, cfg Config) (*Result, error) {
	return drive(ctx, cfg, loading)
}

// Run sends the warm-up and then the measured operations over the same connections. When
// the context ends or a connection fails during the measured phase, it returns the partial
// Result with the error, which must not pass for a measurement; before that phase, none.
func Run(ctx context.Context, cfg Config) (*Result, error) {
	return drive(ctx, cfg, running)
}
