// Package driver sends one workload to one RESP server and measures the replies.
//
// Closed loop: each connection sends a batch of Pipeline operations, waits for all its
// replies and sends the next, so a slow server is asked less. Open loop (Rate): operations
// are due at times fixed in advance and are sent then, answered or not; the response time
// counts from when an operation was due, so a stall shows in every operation it delayed
// and coordinated omission cannot arise.
//
// Two drivers share one Config and one Result. "raw" is lean: a few threads, each with its
// own epoll instance, and no allocation per operation; it keeps the client from being what
// is measured. "go-redis" is what an application would use. A worker is a connection in
// both: it draws its operations from its own stream, so the load is a function of the
// workload, the seed, the number of connections and of operations, whatever the driver, the
// number of threads and processes, and the server.
//
// Transactions (Config.Mode) are operations in one or more round trips: package transaction
// says what to send, and all else is as above. Only the raw driver executes them.
package driver

import (
	"cmp"
	"context"
	"errors"
	"math/bits"
	"strings"
	"time"

	"bpfdb/workloads"
	"bpfdb/workloads/trace"

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
	Pipeline    int // operations in flight per connection; of an open loop, at most
	Threads     int // of the raw driver; go-redis runs a goroutine per connection
	Protocol    int // RESP version, 2 or 3; 0 means 3

	// First and Total place the connections among those of all processes that share the
	// load: they are First to First+Connections-1 of Total. Total 0 means that there is no
	// other process. Operations, Duration and Rate are always those of all together.
	First, Total int

	// Workload is of operations on single keys, or of transactions: these have a Mode (see
	// package transaction), one in flight per connection, and Tries before one is given up; 0
	// means DefaultTries.
	Workload workloads.Spec
	Mode     string
	Tries    int

	// Trace is replayed in place of a Workload, by the raw driver. It says itself what is warm-up
	// and what is measured: Workload, Operations, Duration and Rate are unused and the Warmup is
	// empty. Speed is how many times as fast as recorded, by the trace's own times and in an open
	// loop; 0 replays it in a closed loop, as fast as the server answers.
	Trace *trace.Replay `json:"-"`
	Speed float64

	Seed       uint64
	Operations uint64 // of the measured phase, split exactly among the connections
	// Duration ends the measured phase where Operations is 0. In an open loop exactly the
	// operations due by then are sent; in a closed one those a server can answer.
	Duration time.Duration

	Rate    float64 // operations per second of an open loop; 0 makes it a closed one
	Arrival string  // in an open loop: Poisson, also meant by an empty one, or Fixed

	Warmup Warmup
	Verify bool // check every value read

	Timeout time.Duration // for connecting, and for all replies to a batch; 0 means 10 s
	Window  time.Duration // of Result.Windows; 0 means none

	// Progress, if set, is told about ten times a second how many operations of the
	// current phase are done, and of how many; total is 0 where time ends the phase. It runs
	// on a goroutine of its own.
	Progress func(done, total uint64) `json:"-"`
	// Starting and Finished, if set, run just before the first operation of the measured
	// phase is sent and just after its last reply: the place to read CPU counters.
	Starting, Finished func() `json:"-"`
}

// open reports that operations are sent when they are due, answered or not.
func (c Config) open() bool { return c.Rate > 0 || c.Speed > 0 }

// total is the number of connections of all processes.
func (c Config) total() int { return max(c.Total, c.First+c.Connections) }

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
	Misses             uint64 // reads of a key that was not there, but for those a trace leaves so

	ElapsedNS   int64 // from before the first write to after the last reply
	ClientCPUNS int64 // user and system time of this process in the phase

	// Latency has a series for each kind of operation that occurred, in order of kind: of a
	// closed loop the service times, of an open one the response times.
	// As in YCSB, a read-modify-write adds its parts to READ and UPDATE and its whole to
	// READ-MODIFY-WRITE. Error replies are in no series.
	Latency []Series
	// All holds every operation once: a read-modify-write as its whole only.
	All *hdrhistogram.Histogram

	Open         *OpenLoop     // nil in a closed loop
	Transactions *Transactions // nil without
	Warmed       Warmed
	Client       Client
	// Windows is the course of the measured phase, one entry per Config.Window.
	Windows []Window

	// Digests are those of the workers' streams, in order of the connections; see
	// OpStreamDigest.
	Digests []uint64
}

// OpenLoop is what an open loop tells apart. Response = wait + Lag + Service, where the wait
// for room on the connection is the server's doing and the lag the generator's own.
type OpenLoop struct {
	Service []Series // as Result.Latency, but from when a command was sent
	All     *hdrhistogram.Histogram
	// Lag is how late operations were sent, in ns after they were due and the connection had
	// room for them.
	Lag *hdrhistogram.Histogram
	// Held counts the operations that were due while Pipeline others were in flight on their
	// connection.
	Held uint64
}

// Series is the latencies of one kind of operation in nanoseconds. A service time is from
// just before the write of the command, or in a closed loop of the batch that held it, to
// when its reply had been read from the socket (raw) or when the whole batch had been
// answered (go-redis with Pipeline above 1); a response time is from when the operation
// was due. The histogram spans 1 ns to 60 s with three significant digits.
type Series struct {
	Kind workloads.Kind    // Transaction where it is none of an operation
	Txn  workloads.TxnKind // the type of a transaction
	Hist *hdrhistogram.Histogram
}

// Transaction is the Series.Kind of transactions.
const Transaction = workloads.KindCount

// Name is that of the kind: read, or vote.
func (s Series) Name() string {
	if s.Kind == Transaction {
		return s.Txn.String()
	}
	return strings.ToLower(s.Kind.String())
}

func (s Series) compare(o Series) int {
	return cmp.Or(cmp.Compare(s.Kind, o.Kind), cmp.Compare(s.Txn, o.Txn))
}

// OpStreamDigest folds the digests of the workers' streams in worker order. Phases with
// the same digest generated the same operations; where time ended a closed loop, that is
// said of the first 1000 operations of each worker.
func (r *Result) OpStreamDigest() uint64 {
	var digest uint64
	for _, next := range r.Digests {
		digest = (bits.RotateLeft64(digest, 23) ^ next) * 0xff51afd7ed558ccd
	}
	return digest
}

// Load inserts every record of the workload, pipelined. Of the fields that
// shape a run, only Connections, Pipeline and Threads are used.
func Load(ctx context.Context, cfg Config) (*Result, error) {
	return drive(ctx, cfg, loading)
}

// ReadBack reads every record once, as Load inserts them. What was lost is in Result.Misses, what
// is wrong in Result.VerifyFailures.
func ReadBack(ctx context.Context, cfg Config) (*Result, error) {
	return drive(ctx, cfg, reading)
}

// Run sends the warm-up and then the measured operations over the same connections. When
// the context ends or a connection fails during the measured phase, it returns the partial
// Result with the error, which must not pass for a measurement; before that phase, none.
func Run(ctx context.Context, cfg Config) (*Result, error) {
	return drive(ctx, cfg, running)
}
