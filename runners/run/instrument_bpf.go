package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"bpfdb/results"
	"bpfdb/runners/system"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// errElsewhere means that the server's programs are in the kernel of another machine.
var errElsewhere = errors.New("the server was not started here: its BPF programs cannot be looked into")

// programClock has the kernel count and time each run of each BPF program during the measured phase.
// That costs every run two readings of a clock. The kernel counts as long as a descriptor is open,
// so that nothing is left switched on, however we end.
type programClock struct {
	server        *system.Server
	counting      io.Closer
	before, after map[ebpf.ProgramID]system.ProgramTime
}

func (c *programClock) begin(server *system.Server) (err error) {
	if server.PID() == 0 {
		return errElsewhere
	}
	c.server = server
	if c.counting, err = ebpf.EnableStats(unix.BPF_STATS_RUN_TIME); err != nil {
		return fmt.Errorf("statistics of BPF programs (root): %w", err)
	}
	c.before, err = server.ProgramTimes()
	return err
}

func (c *programClock) end() (err error) {
	c.after, err = c.server.ProgramTimes()
	return errors.Join(err, c.close())
}

func (c *programClock) close() error {
	if c.counting == nil {
		return nil
	}
	err := c.counting.Close()
	c.counting = nil
	return err
}

// report lists the programs, those that took longest first. One loaded meanwhile began at zero.
func (c *programClock) report(_ context.Context, trial *results.InstrumentedTrial, _ string) error {
	for id, after := range c.after {
		before := c.before[id]
		taken := results.ProgramTime{Name: after.Name, Type: after.Type, Runs: after.Runs - before.Runs,
			RunTimeNS: uint64(after.Time - before.Time)}
		if taken.Runs > 0 {
			taken.PerRunNS = float64(taken.RunTimeNS) / float64(taken.Runs)
		}
		taken.PerOpNS = float64(taken.RunTimeNS) / float64(max(trial.Ops, 1))
		trial.Programs = append(trial.Programs, taken)
	}
	slices.SortFunc(trial.Programs, func(a, b results.ProgramTime) int {
		return cmp.Or(cmp.Compare(b.RunTimeNS, a.RunTimeNS), strings.Compare(a.Name, b.Name))
	})
	return nil
}
