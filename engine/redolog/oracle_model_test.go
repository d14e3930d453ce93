package redolog_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"

	"golang.org/x/sys/unix"

	"bpfdb/engine/redolog"
	"bpfdb/engine/redolog/faultfs"
)

// transaction is one commit as the oracle remembers it.
type transaction struct {
	lsn     uint64
	entries []redolog.Entry
	record  []byte
}

// oracle knows what a log must hold: all of history[:acked], and of the rest a beginning.
type oracle struct {
	random  *rand.Rand
	fs      *faultfs.FS
	faults  faultfs.Faults
	log     *redolog.Log
	total   *reached
	history []transaction
	acked   int
	lsn     uint64 // highest in use
	point   uint64 // lsn of the newest checkpoint committed
	clean   bool
	// unsure says that after a failed fsync what is cached is not what is on disk.
	unsure bool
}

func newOracle(seed uint64, total *reached) *oracle {
	return &oracle{random: rand.New(rand.NewPCG(seed, 1)), fs: faultfs.New(seed), total: total}
}

// injected reports whether an error is one of those the file layer was told to make.
func (o *oracle) injected(err error) bool {
	return errors.Is(err, faultfs.ErrCrashed) || errors.Is(err, unix.EIO) || errors.Is(err, unix.ENOSPC)
}

// frame makes 1 to 6 transactions of 1 to 20 entries, and now and then a frame larger than a segment.
func (o *oracle) frame() (frame []transaction) {
	lsn := o.lsn
	big := o.random.IntN(100) == 0
	for range 1 + o.random.IntN(6) {
		lsn += 1 + uint64(o.random.IntN(2))
		t := transaction{lsn: lsn}
		for range 1 + o.random.IntN(20) {
			t.entries = append(t.entries, o.entry(big))
		}
		t.record = redolog.AppendRecord(nil, lsn, t.entries...)
		frame = append(frame, t)
	}
	if big {
		o.total.add("big frame")
	}
	return frame
}

func (o *oracle) entry(big bool) redolog.Entry {
	key := fmt.Appendf(nil, "key:%d", o.random.IntN(30))
	switch n := o.random.IntN(100); {
	case n == 0:
		return redolog.Entry{Op: redolog.OpFlush}
	case n < 20:
		return redolog.Entry{Op: redolog.OpDelete, Key: key}
	}
	size := o.random.IntN(100)
	if big {
		size = o.random.IntN(20_000)
	} else if o.random.IntN(50) == 0 {
		size = o.random.IntN(9000)
	}
	value := bytes.Repeat([]byte{byte('a' + o.random.IntN(26))}, size)
	return redolog.Entry{Op: redolog.OpSet, Key: key, Value: value}
}

func (o *oracle) append(frame []transaction) error {
	var records []byte
	for _, t := range frame {
		records = append(records, t.record...)
	}
	first, last := frame[0].lsn, frame[len(frame)-1].lsn
	before, err := o.fs.List()
	if err != nil {
		return errDead
	}
	err = o.log.Append(records, first, last, len(frame))
	if err == nil {
		o.history = append(o.history, frame...)
		o.lsn = last
		o.total.add("append")
		if after, _ := o.fs.List(); len(after) > len(before) {
			o.total.add("rotation")
		}
		return nil
	}
	return o.refused(err, frame)
}

// refused decides how to go on after a failed Append, of which nothing may ever be seen.
func (o *oracle) refused(err error, frame []transaction) error {
	switch {
	case errors.Is(err, faultfs.ErrCrashed):
		o.total.add("crash")
		return errDead
	case errors.Is(err, redolog.ErrSyncFailed):
		return o.failed()
	case !o.injected(err):
		return fmt.Errorf("append: %w", err)
	}
	o.total.add("append refused")
	o.fs.Set(faultfs.Faults{CrashAfter: o.random.IntN(6)})
	switch o.random.IntN(3) {
	case 0:
		return nil // what comes next takes its place
	case 1:
		return o.sync()
	}
	o.total.add("append again")
	err = o.append(frame)
	if err != nil && !errors.Is(err, errDead) {
		return fmt.Errorf("append again: %w", err)
	}
	return err
}

func (o *oracle) sync() error {
	synced, err := o.log.Sync()
	switch {
	case errors.Is(err, faultfs.ErrCrashed):
		return errDead
	case errors.Is(err, redolog.ErrSyncFailed):
		return o.failed()
	case err != nil:
		return fmt.Errorf("sync: %w", err)
	}
	if n := len(o.history); n > 0 && synced != o.history[n-1].lsn {
		return fmt.Errorf("synced up to %d, appended up to %d", synced, o.history[n-1].lsn)
	}
	o.acked = len(o.history)
	o.total.add("sync")
	return nil
}

// failed checks that a log that has failed takes nothing more.
func (o *oracle) failed() error {
	o.total.add("sync failed")
	o.unsure = true
	if _, err := o.log.Sync(); !errors.Is(err, redolog.ErrSyncFailed) {
		return fmt.Errorf("sync after a failed one: %v", err)
	}
	t := o.frame()[0]
	if err := o.log.Append(t.record, t.lsn, t.lsn, 1); !errors.Is(err, redolog.ErrSyncFailed) {
		return fmt.Errorf("append after a failed sync: %v", err)
	}
	if err := o.log.Close(); !errors.Is(err, redolog.ErrSyncFailed) {
		return fmt.Errorf("close after a failed sync: %v", err)
	}
	return errDead
}

func (o *oracle) truncate() error {
	before, err := o.fs.List()
	if err != nil {
		return errDead
	}
	err = o.log.Truncate(o.point)
	after, _ := o.fs.List()
	switch {
	case errors.Is(err, faultfs.ErrCrashed):
		return errDead
	case err != nil && !o.injected(err):
		return fmt.Errorf("truncate: %w", err)
	case len(after) < len(before):
		o.total.add("segment removed")
	}
	o.total.add("truncate")
	return nil
}

func (o *oracle) prepare() error {
	err := o.log.Prepare()
	switch {
	case errors.Is(err, faultfs.ErrCrashed):
		return errDead
	case err != nil && !o.injected(err):
		return fmt.Errorf("prepare: %w", err)
	case err != nil:
		o.total.add("prepare failed")
	}
	o.total.add("prepare")
	return nil
}

// checkpoint writes one in parts, while the log goes on.
func (o *oracle) checkpoint() error {
	o.lsn += uint64(o.random.IntN(2))
	lsn := o.lsn
	if lsn == 0 {
		return nil
	}
	state := o.stateAt(lsn)
	w, err := o.log.CreateCheckpoint(lsn)
	for key, value := range state {
		if err != nil {
			break
		}
		entry := redolog.Entry{Op: redolog.OpSet, Key: []byte(key), Value: []byte(value)}
		err = w.Append(redolog.AppendEntry(nil, entry), 1)
		if err == nil && o.random.IntN(20) == 0 {
			if err := o.append(o.frame()); err != nil {
				return err
			}
		}
	}
	if err == nil && o.random.IntN(10) == 0 {
		return ignoring(w.Abort(), fs.ErrNotExist, unix.EIO, faultfs.ErrCrashed)
	}
	if err == nil {
		err = w.Commit()
	} else if w != nil {
		w.Abort()
	}
	return o.checkpointed(lsn, err)
}

func (o *oracle) checkpointed(lsn uint64, err error) error {
	switch {
	case err == nil:
		o.total.add("checkpoint")
		o.point = max(o.point, lsn)
		for o.acked < len(o.history) && o.history[o.acked].lsn <= lsn {
			o.acked++
		}
		return nil
	case errors.Is(err, faultfs.ErrCrashed):
		return errDead
	case errors.Is(err, redolog.ErrSyncFailed):
		return o.failed()
	case !o.injected(err):
		return fmt.Errorf("checkpoint: %w", err)
	}
	o.total.add("checkpoint failed")
	return nil
}

func ignoring(err error, harmless ...error) error {
	for _, h := range harmless {
		if errors.Is(err, h) {
			return nil
		}
	}
	return err
}

// stateAt is what the commits up to lsn leave.
func (o *oracle) stateAt(lsn uint64) map[string]string {
	state := map[string]string{}
	for _, t := range o.history {
		if t.lsn > lsn {
			break
		}
		for _, entry := range t.entries {
			switch entry.Op {
			case redolog.OpSet:
				state[string(entry.Key)] = string(entry.Value)
			case redolog.OpDelete:
				delete(state, string(entry.Key))
			case redolog.OpFlush:
				clear(state)
			}
		}
	}
	return state
}

// open recovers, on a machine that may fail and crash meanwhile too, and compares.
func (o *oracle) open() error {
	if o.fs.Crashed() || !o.clean || o.random.IntN(2) == 0 {
		o.fs.Restart()
	}
	o.fs.Set(faultfs.Faults{})
	verified, err := o.verify()
	if err != nil {
		return err
	}
	for attempt := 0; ; attempt++ {
		if attempt < 3 {
			o.fs.Set(o.openFaults())
		}
		log, recovery, err := redolog.Open(redolog.Options{FS: o.fs, SegmentBytes: redolog.MinSegmentBytes})
		if err == nil {
			o.fs.Set(faultfs.Faults{})
			o.log, o.faults = log, faultfs.Faults{}
			if attempt == 0 && !o.unsure && verified != recovery.LastLSN {
				return fmt.Errorf("verified up to lsn %d, recovered up to %d", verified, recovery.LastLSN)
			}
			o.unsure = false
			return o.compare(recovery)
		}
		if !o.injected(err) || attempt >= 3 {
			return fmt.Errorf("open: %w", err)
		}
		o.total.add("open failed")
		if o.fs.Crashed() {
			o.total.add("crash in open")
			o.clean = false
		}
		o.fs.Restart()
	}
}

// verify checks that whatever happens on such a machine, it is not taken for damage.
func (o *oracle) verify() (last uint64, err error) {
	report, err := redolog.Verify(redolog.Options{FS: o.fs})
	if errors.Is(err, redolog.ErrNoLog) && len(o.history) == 0 {
		return 0, nil
	}
	if err == nil && !report.OK() {
		err = fmt.Errorf("%v", report.Problems)
	}
	if err != nil {
		return 0, fmt.Errorf("verify: %w", err)
	}
	return report.LastLSN, nil
}

func (o *oracle) openFaults() faultfs.Faults {
	switch o.random.IntN(10) {
	case 0:
		return faultfs.Faults{CrashAfter: 1 + o.random.IntN(6)}
	case 1:
		return faultfs.Faults{ReadError: 0.05, SyncError: 0.3, WriteError: 0.3}
	}
	return faultfs.Faults{}
}

// compare checks what was recovered and takes it over.
func (o *oracle) compare(recovery *redolog.Recovery) error {
	known := 0 // transactions in the checkpoint
	if c := recovery.Checkpoint; c != nil {
		o.total.add("recovered from checkpoint")
		if err := o.compareCheckpoint(recovery); err != nil {
			return err
		}
		for known < len(o.history) && o.history[known].lsn <= c.LSN {
			known++
		}
	}
	if o.point > 0 && (recovery.Checkpoint == nil || recovery.Checkpoint.LSN < o.point) {
		return fmt.Errorf("the checkpoint at %d was completed, recovered %+v", o.point, recovery.Checkpoint)
	}
	kept := known
	err := recovery.Replay(func(record redolog.Record) error {
		if kept == len(o.history) {
			return fmt.Errorf("record %d was never appended", record.LSN)
		}
		t := o.history[kept]
		if record.LSN != t.lsn || !bytes.Equal(record.Entries, t.record[redolog.RecordHeaderBytes:]) {
			return fmt.Errorf("record %d is not the transaction %d", record.LSN, t.lsn)
		}
		kept++
		return nil
	})
	if err != nil {
		return err
	}
	return o.takeOver(recovery, kept)
}

func (o *oracle) takeOver(recovery *redolog.Recovery, kept int) error {
	if kept < o.acked {
		return fmt.Errorf("%d transactions were durable, %d are left; %v", o.acked, kept, recovery.Cut)
	}
	if recovery.Clean && !o.clean && kept != o.acked && kept != len(o.history) {
		return errors.New("recovered as cleanly closed, but was not")
	}
	if o.clean && (!recovery.Clean || recovery.Cut != nil) {
		return fmt.Errorf("closed cleanly, recovered %+v", recovery)
	}
	if kept > o.acked {
		o.total.add("unsynced kept")
	}
	if kept < len(o.history) {
		o.total.add("unsynced lost")
	}
	if recovery.Cut != nil {
		o.total.add("cut")
		if recovery.Cut.Frames > 0 {
			o.total.add("frames cut")
		}
	}
	o.history = o.history[:kept:kept]
	o.acked = kept
	o.lsn = recovery.LastLSN
	o.point = 0
	if recovery.Checkpoint != nil {
		o.point = recovery.Checkpoint.LSN
	}
	if kept > 0 && o.lsn < o.history[kept-1].lsn {
		return fmt.Errorf("the last lsn is said to be %d, it is %d", o.lsn, o.history[kept-1].lsn)
	}
	o.clean = false
	return nil
}

func (o *oracle) compareCheckpoint(recovery *redolog.Recovery) error {
	got := map[string]string{}
	err := recovery.Load(1, func(_ int, entries redolog.Entries) error {
		for entry := range entries.All() {
			got[string(entry.Key)] = string(entry.Value)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if want := o.stateAt(recovery.Checkpoint.LSN); !maps.Equal(got, want) {
		return fmt.Errorf("the checkpoint at %d has %d keys, want %d, or others",
			recovery.Checkpoint.LSN, len(got), len(want))
	}
	return nil
}
