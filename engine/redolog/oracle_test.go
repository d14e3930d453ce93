package redolog_test

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"bpfdb/engine/redolog"
)

const (
	oracleSeeds = 1000
	oracleLives = 4
	oracleSteps = 40
)

// reached counts what the seeds went through, so that a test that reaches nothing fails.
type reached struct {
	sync.Mutex
	counts map[string]int
}

func (r *reached) add(what string) {
	r.Lock()
	defer r.Unlock()
	r.counts[what]++
}

// TestOracle appends, syncs, rotates, checkpoints and truncates at random on a machine that fails and crashes, and
// compares what recovery gives back with what was acknowledged, over several lives of each log. It takes
// oracleSeeds seeds, or, with BPFDB_CHECK_MINUTES, those that fit in that time.
func TestOracle(t *testing.T) {
	var end time.Time
	if minutes, err := strconv.ParseFloat(os.Getenv("BPFDB_CHECK_MINUTES"), 64); err == nil {
		end = time.Now().Add(time.Duration(minutes * float64(time.Minute)))
	}
	seeds := make(chan uint64)
	go func() { // ends with the seeds
		defer close(seeds)
		for seed := uint64(0); seed < oracleSeeds || time.Now().Before(end); seed++ {
			seeds <- seed
		}
	}()
	total := &reached{counts: map[string]int{}}
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() { // ends with the seeds
			for seed := range seeds {
				if err := liveAndDie(seed, total); err != nil {
					t.Errorf("seed %d: %v", seed, err)
				}
			}
		})
	}
	group.Wait()
	for _, what := range []string{
		"append", "append refused", "append again", "big frame", "rotation", "sync", "sync failed",
		"checkpoint", "checkpoint failed", "truncate", "segment removed", "prepare", "prepare failed",
		"crash", "kill", "clean close", "crash in open", "open failed", "cut", "frames cut",
		"unsynced kept", "unsynced lost", "recovered from checkpoint",
	} {
		if total.counts[what] < 20 {
			t.Errorf("%q was reached %d times only", what, total.counts[what])
		}
	}
	t.Log(total.counts)
}

// liveAndDie runs one seed.
func liveAndDie(seed uint64, total *reached) error {
	o := newOracle(seed, total)
	for life := range oracleLives {
		if err := o.open(); err != nil {
			return fmt.Errorf("life %d: %w", life, err)
		}
		if err := o.live(); err != nil && !errors.Is(err, errDead) {
			return fmt.Errorf("life %d: %w", life, err)
		}
	}
	return o.open()
}

// errDead ends a life: the machine has crashed, or the log has failed for good.
var errDead = errors.New("end of a life")

// live does random things until it dies of them or dies at the end.
func (o *oracle) live() error {
	if o.random.IntN(2) == 0 {
		o.faults.CrashAfter = 1 + o.random.IntN(2*oracleSteps)
	}
	o.faults.WriteBack = 0.1
	if o.random.IntN(4) == 0 {
		o.faults.SyncError = 0.05
	}
	if o.random.IntN(4) == 0 {
		o.faults.WriteError = 0.05
	}
	if o.random.IntN(8) == 0 {
		o.faults.ChangeError = 0.3
	}
	o.fs.Set(o.faults)
	for range oracleSteps {
		if err := o.step(); err != nil {
			return err
		}
	}
	return o.die()
}

func (o *oracle) step() error {
	switch n := o.random.IntN(100); {
	case n < 60:
		return o.append(o.frame())
	case n < 85:
		return o.sync()
	case n < 90:
		return o.checkpoint()
	case n < 94:
		return o.truncate()
	case n < 97:
		return o.prepare()
	default:
		faults := o.faults
		faults.SpaceBytes = int64(1 + o.random.IntN(redolog.MinSegmentBytes*3))
		o.fs.Set(faults)
		err := o.append(o.frame())
		if err == nil {
			o.fs.Set(o.faults)
		}
		return err
	}
}

// die ends a life in one of the ways there are.
func (o *oracle) die() error {
	switch o.random.IntN(3) {
	case 0:
		o.total.add("kill")
	case 1:
		o.fs.Crash()
		o.total.add("crash")
	case 2:
		err := o.log.Close()
		if err == nil {
			o.acked = len(o.history)
			o.clean = true
			o.total.add("clean close")
			return nil
		}
		if !o.injected(err) {
			return fmt.Errorf("close: %w", err)
		}
		o.unsure = true // it may have been an fsync
	}
	return errDead
}
