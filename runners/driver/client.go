package driver

import (
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Limits beyond which a measurement may show the generator rather than the server.
const (
	// busyLimit is the share of its time that a generating thread may use the processor.
	busyLimit = 0.95
	// lagFloor is a lag that no figure of ours resolves: a wake-up takes tens of microseconds.
	lagFloor = 100 * time.Microsecond
	// lagShare is how much of the 99th percentile of response times the lag's may be.
	lagShare = 0.1
)

// Client is how the load generator itself fared in the measured phase.
type Client struct {
	// Busy is the largest share of the phase that a generating thread spent on a processor,
	// 0 to 1; of go-redis, whose goroutines have no thread of their own, the share of all
	// processors that the process may use. What a server does in the sender's system calls,
	// as loopback makes it, is the sender's time here.
	Busy float64
	// Own is the share it spent in code of its own, not in the kernel's.
	Own float64
	// Saturated says why the result may be the generator's and not the server's; empty when
	// nothing speaks for that.
	Saturated string
}

func judgeClient(cfg Config, res *Result, recorders []*recorder, used cpuTime) Client {
	client := Client{}
	if cfg.Driver == Raw {
		for _, r := range recorders {
			if busy := float64(r.busy.total().Nanoseconds()) / float64(res.ElapsedNS); busy > client.Busy {
				client.Busy, client.Own = busy, float64(r.busy.user)/float64(res.ElapsedNS)
			}
		}
	} else {
		whole := float64(res.ElapsedNS) * float64(runtime.GOMAXPROCS(0))
		client.Busy, client.Own = float64(used.total())/whole, float64(used.user)/whole
	}
	client.Saturated = client.saturated(res)
	return client
}

func (c Client) saturated(res *Result) string {
	if c.Busy > busyLimit {
		return fmt.Sprintf("the generator was on a processor %.0f %% of the time, %.0f %% in code of its own",
			100*c.Busy, 100*c.Own)
	}
	if res.Open == nil {
		return ""
	}
	lag := time.Duration(res.Open.Lag.ValueAtQuantile(99))
	if response := res.All.ValueAtQuantile(99); lag > lagFloor && float64(lag) > lagShare*float64(response) {
		return fmt.Sprintf("the generator sent %v late (p99), of %v response time",
			lag, time.Duration(response))
	}
	return ""
}

// cpuTime is processor time, in the program's own code and in the kernel's.
type cpuTime struct{ user, system time.Duration }

func (c cpuTime) total() time.Duration { return c.user + c.system }

func (c cpuTime) since(before cpuTime) cpuTime {
	return cpuTime{c.user - before.user, c.system - before.system}
}

// processCPU is what this process has used.
func processCPU() cpuTime { return usedCPU(unix.RUSAGE_SELF) }

// threadCPU is the same for the calling thread, to which the goroutine must be locked.
func threadCPU() cpuTime { return usedCPU(unix.RUSAGE_THREAD) }

func usedCPU(who int) cpuTime {
	var usage unix.Rusage
	if err := unix.Getrusage(who, &usage); err != nil {
		return cpuTime{} // cannot happen: the arguments are constant and valid
	}
	return cpuTime{time.Duration(usage.Utime.Nano()), time.Duration(usage.Stime.Nano())}
}
