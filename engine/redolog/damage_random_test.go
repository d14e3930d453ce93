package redolog_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"bpfdb/engine/redolog"
	"bpfdb/engine/redolog/faultfs"
)

const damageSeeds = 300

// TestRandomDamage damages logs at random. Whatever Verify finds nothing wrong with must open; whatever does not
// open must be found; what was closed cleanly must come back whole or be refused; and a repair must leave the state
// after some commit, from which the log goes on.
func TestRandomDamage(t *testing.T) {
	total := &reached{counts: map[string]int{}}
	for seed := range uint64(damageSeeds) {
		if err := damageAndRepair(seed, total); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	for _, what := range []string{
		"verified", "found", "opened", "refused", "repaired", "beyond repair", "opened though damaged", "end cut",
	} {
		if total.counts[what] < 5 {
			t.Errorf("%q was reached %d times only", what, total.counts[what])
		}
	}
	t.Log(total.counts)
}

func damageAndRepair(seed uint64, total *reached) error {
	o, err := cleanlyClosed(seed)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	what, closeHit := "", false
	for range 1 + o.random.IntN(3) {
		one, hit, err := o.damage()
		if err != nil {
			return fmt.Errorf("damage: %w", err)
		}
		what, closeHit = what+one+"; ", closeHit || hit
	}
	report, err := redolog.Verify(redolog.Options{FS: o.fs})
	if err != nil && !errors.Is(err, redolog.ErrNoLog) {
		return fmt.Errorf("%s: verify: %w", what, err)
	}
	verified := err == nil && report.OK()
	if err := o.openDamaged(verified, closeHit, total); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if verified || err != nil {
		total.add("verified")
		return nil
	}
	total.add("found")
	if err := o.repair(report, total); err != nil {
		return fmt.Errorf("%s: %v: repair: %w", what, report.Problems, err)
	}
	return nil
}

// cleanlyClosed makes a log on a machine that works.
func cleanlyClosed(seed uint64) (*oracle, error) {
	o := newOracle(seed, &reached{counts: map[string]int{}})
	for range 2 {
		if err := o.open(); err != nil {
			return nil, err
		}
		for range 25 {
			step := []func() error{
				func() error { return o.append(o.frame()) }, func() error { return o.append(o.frame()) }, o.sync,
				func() error { return o.append(o.frame()) }, o.checkpoint, o.truncate,
			}[o.random.IntN(6)]
			if err := step(); err != nil {
				return nil, err
			}
		}
		if err := o.log.Close(); err != nil {
			return nil, err
		}
		o.acked, o.clean = len(o.history), true
	}
	o.fs.Restart()
	return o, nil
}

// damage changes one file, or removes it. CloseHit says that the last frame of all may have been hit.
func (o *oracle) damage() (what string, closeHit bool, err error) {
	names, err := o.fs.List()
	if err != nil {
		return "", false, err
	}
	files := []string{}
	for _, name := range names {
		if strings.HasPrefix(name, "redo-") || strings.HasPrefix(name, "checkpoint-") {
			files = append(files, name)
		}
	}
	if len(files) == 0 {
		return "nothing left", true, nil
	}
	name := files[o.random.IntN(len(files))]
	last := name == files[len(files)-1]
	text, err := readAll(o.fs, name)
	if err != nil {
		return "", false, err
	}
	if o.random.IntN(8) == 0 {
		return "remove " + name, last, errors.Join(o.fs.Remove(name), o.fs.Sync())
	}
	used := len(text)
	for used > redolog.HeaderBytes && text[used-1] == 0 {
		used--
	}
	at := o.random.IntN(used)
	n := min(used-at, 1+o.random.IntN([]int{1, 8, 64, 600, 5000}[o.random.IntN(5)]))
	switch o.random.IntN(4) {
	case 0:
		what = fmt.Sprintf("cut %s to %d bytes", name, at)
		text = text[:at]
		n = used - at
	case 1:
		what = fmt.Sprintf("zero %d bytes at %d of %s", n, at, name)
		clear(text[at : at+n])
	default:
		what = fmt.Sprintf("spoil %d bytes at %d of %s", n, at, name)
		for i := range n {
			text[at+i] ^= byte(1 + o.random.IntN(255))
		}
	}
	return what, last && at+n > used-redolog.FrameHeaderBytes, writeAll(o.fs, name, text)
}

func readAll(files *faultfs.FS, name string) ([]byte, error) {
	file, err := files.Open(name, false)
	if err != nil {
		return nil, err
	}
	size, err := file.SizeBytes()
	if err != nil || size == 0 {
		return nil, err
	}
	text := make([]byte, size)
	_, err = file.ReadAt(text, 0)
	return text, err
}

func writeAll(files *faultfs.FS, name string, text []byte) error {
	file, err := files.Create(name)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(text, 0)
	return errors.Join(err, file.Sync(), files.Sync())
}

// openDamaged opens a copy.
func (o *oracle) openDamaged(verified, closeHit bool, total *reached) error {
	options := redolog.Options{FS: o.fs.Clone(0), SegmentBytes: redolog.MinSegmentBytes}
	log, recovery, err := redolog.Open(options)
	if err != nil {
		total.add("refused")
		if verified {
			return fmt.Errorf("nothing is wrong with it, but it does not open: %w", err)
		}
		return ignoring(err, redolog.ErrCorrupt, redolog.ErrVersion, redolog.ErrForeign)
	}
	defer log.Close()
	total.add("opened")
	if !verified && !recovery.New {
		total.add("opened though damaged")
	}
	if recovery.Cut != nil {
		total.add("end cut")
	}
	return o.compareCopy(recovery, !closeHit && !recovery.New)
}

// compareCopy compares what was recovered with the history, without taking it over.
func (o *oracle) compareCopy(recovery *redolog.Recovery, whole bool) error {
	c := *o
	c.point, c.acked, c.clean = 0, 0, false
	if whole {
		c.acked = len(o.history)
	}
	return c.compare(recovery)
}

func (o *oracle) repair(report *redolog.Report, total *reached) error {
	options := redolog.Options{FS: o.fs, SegmentBytes: redolog.MinSegmentBytes}
	plan, err := redolog.Repair(options)
	if err != nil {
		total.add("beyond repair")
		if report.Plan != nil {
			return err
		}
		return ignoring(err, redolog.ErrBeyondRepair, redolog.ErrVersion, redolog.ErrForeign)
	}
	if plan == nil || report.Plan == nil || plan.LastLSN != report.Plan.LastLSN {
		return fmt.Errorf("did %+v, announced %+v", plan, report.Plan)
	}
	total.add("repaired")
	if again, err := redolog.Repair(options); again != nil || err != nil {
		return fmt.Errorf("a second one does %+v, %v", again, err)
	}
	after, err := redolog.Verify(redolog.Options{FS: o.fs})
	if err != nil || !after.OK() || after.LastLSN != plan.LastLSN {
		return fmt.Errorf("verified up to lsn %d, want %d: %v, %v", after.LastLSN, plan.LastLSN, after.Problems, err)
	}
	return o.goOnAfterRepair()
}

// goOnAfterRepair opens twice, with appends between.
func (o *oracle) goOnAfterRepair() error {
	o.acked, o.point, o.clean = 0, 0, false
	o.unsure = true // the lsns that were lost are in use
	for range 2 {
		if err := o.open(); err != nil {
			return err
		}
		for range 5 {
			if err := o.append(o.frame()); err != nil {
				return err
			}
		}
		if err := ignoring(o.log.Close(), fs.ErrClosed); err != nil {
			return err
		}
		o.acked, o.clean = len(o.history), true
	}
	return o.open()
}
