package driver

import (
	"math"
	"math/rand/v2"
	"time"
)

// Ways operations of an open loop arrive.
const (
	Fixed   = "fixed"   // at equal distances
	Poisson = "poisson" // at random, independent of each other, as those of many users do
	ByTrace = "trace"   // at the times of a trace, divided by Config.Speed; not for Config.Arrival
)

// scheduleSeed keeps the arrivals of a connection independent of its operations, which are
// drawn under the same seed.
const scheduleSeed = 0x6a09e667f3bcc909

// schedule yields when the operations of one connection are due, in nanoseconds after the
// beginning of the phase. It never looks at a clock or a reply: that a server is slow cannot
// move what follows, which is what keeps coordinated omission out.
//
// The schedules of n connections together have the configured rate: fixed ones interleave
// to equal distances, independent Poisson ones add up to a Poisson process.
type schedule struct {
	random *rand.Rand // nil for fixed arrivals
	rate   float64    // of this connection, operations per ns
	rampNS float64    // the rate rises to its full height in this time
	count  float64    // operations that are due up to the latest one, on average
	dueNS  int64      // when the next operation is due
	endNS  int64      // nothing is due from here on

	listed []int64 // of a trace, in place of a rate: what is due after dueNS
}

const forever = math.MaxInt64

// newSchedule is the schedule of one connection out of cfg.total(), from 0 to length.
func newSchedule(cfg Config, seed uint64, connection int, ramp, length time.Duration) *schedule {
	n := float64(cfg.total())
	s := &schedule{rate: cfg.Rate / n / 1e9, rampNS: float64(ramp), endNS: forever}
	if length > 0 {
		s.endNS = int64(length)
	}
	if cfg.Arrival == Fixed {
		s.count = float64(connection)/n - 1 // the first of all operations is due at once
	} else {
		s.random = rand.New(rand.NewPCG(seed, scheduleSeed^uint64(connection)<<32^uint64(cfg.total())))
	}
	s.advance()
	return s
}

// ended reports that no further operation is due.
func (s *schedule) ended() bool { return s.dueNS >= s.endNS }

// advance moves on to the next operation.
func (s *schedule) advance() {
	if s.rate == 0 {
		s.advanceListed()
		return
	}
	step := 1.0
	if s.random != nil {
		step = s.random.ExpFloat64()
	}
	s.count += step
	s.dueNS = int64(math.Round(s.at(s.count)))
}

// at is the time by which count operations are due. During the ramp the rate grows with
// time, so their number grows with its square.
func (s *schedule) at(count float64) float64 {
	inRamp := s.rate * s.rampNS / 2
	if count < inRamp {
		return math.Sqrt(2 * s.rampNS * count / s.rate)
	}
	return s.rampNS + (count-inRamp)/s.rate
}
