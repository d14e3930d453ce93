package redolog_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"bpfdb/engine/redolog"
)

// TestConcurrentUse appends, syncs, checkpoints and truncates from a goroutine each.
func TestConcurrentUse(t *testing.T) {
	options := redolog.Options{Dir: t.TempDir(), SegmentBytes: redolog.MinSegmentBytes}
	log, _ := open(t, options)
	const commits = 500
	var done atomic.Bool
	var group sync.WaitGroup
	until := func(do func() error) {
		group.Go(func() { // ends with the appends
			for !done.Load() {
				if err := do(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	synced := uint64(0)
	until(func() error {
		appended := log.LastLSN()
		now, err := log.Sync()
		if err == nil && (now < appended || now < synced) {
			err = fmt.Errorf("synced up to %d, before up to %d, appended before up to %d", now, synced, appended)
		}
		synced = now
		return err
	})
	until(log.Prepare)
	until(func() error {
		w, err := log.CreateCheckpoint(log.LastLSN())
		if err != nil {
			return err
		}
		if err := w.Append(redolog.AppendEntry(nil, sized(8, 100)), 1); err != nil {
			return err
		}
		if err := w.Commit(); err != nil {
			return err
		}
		return log.Truncate(log.LastLSN())
	})
	for lsn := uint64(1); lsn <= commits; lsn++ {
		mustAppend(t, log, lsn, sized(8, 5000))
	}
	done.Store(true)
	group.Wait()
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	report, err := redolog.Verify(options)
	if err != nil || !report.OK() || report.LastLSN != commits || !report.Clean {
		t.Errorf("verified %+v, %v", report, err)
	}
	if last := report.Files[len(report.Files)-1]; len(report.Files) > commits*5000/redolog.MinSegmentBytes/2 {
		t.Errorf("%d files are left, the last is %+v: nothing was truncated", len(report.Files), last)
	}
}
