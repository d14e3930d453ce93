package redolog_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"bpfdb/engine/redolog"
	"bpfdb/engine/redolog/faultfs"
)

// store is a log on a machine in memory.
type store struct {
	t     *testing.T
	files *faultfs.FS
	log   *redolog.Log
}

func newStore(t *testing.T) *store {
	s := &store{t: t, files: faultfs.New(1)}
	s.open()
	return s
}

func (s *store) options() redolog.Options {
	return redolog.Options{Dir: "data", FS: s.files, SegmentBytes: redolog.MinSegmentBytes}
}

func (s *store) open() *redolog.Recovery {
	s.t.Helper()
	log, recovery, err := redolog.Open(s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	s.log = log
	return recovery
}

// kill ends the process, and so the lock and what it had open.
func (s *store) kill() { s.files.Restart() }

// refused opens and wants an error of a kind with some words in it.
func (s *store) refused(kind error, words ...string) {
	s.t.Helper()
	_, _, err := redolog.Open(s.options())
	if !errors.Is(err, kind) {
		s.t.Fatalf("got %v, want %v", err, kind)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			s.t.Errorf("%q does not say %q", err, word)
		}
	}
}

// append adds a commit of one key, whose value has so many bytes, and returns the offset of its frame in a first
// segment that has only such.
func (s *store) append(lsn uint64, valueBytes int) {
	s.t.Helper()
	mustAppend(s.t, s.log, lsn, set("key", strings.Repeat("v", valueBytes)))
}

// frameBytes is the size of the frame that append makes.
func frameBytes(valueBytes int) int64 {
	return int64(redolog.FrameHeaderBytes + len(commit(1, set("key", strings.Repeat("v", valueBytes)))))
}

// edit changes a file, durably.
func (s *store) edit(name string, change func(text []byte)) {
	s.t.Helper()
	text, err := readAll(s.files, name)
	if err != nil {
		s.t.Fatal(err)
	}
	change(text)
	if err := writeAll(s.files, name, text); err != nil {
		s.t.Fatal(err)
	}
}

func flipAt(offset int64) func([]byte) { return func(text []byte) { text[offset] ^= 1 } }

const (
	segment1 = "redo-0000000001.log"
	segment2 = "redo-0000000002.log"
)

func TestTornEndIsCut(t *testing.T) {
	s := newStore(t)
	s.append(1, 100)
	mustSync(t, s.log, 1)
	s.append(2, 100)
	s.append(3, 100)
	s.kill()
	second := redolog.HeaderBytes + frameBytes(100)
	s.edit(segment1, flipAt(second+redolog.FrameHeaderBytes))
	recovery := s.open()
	cut := recovery.Cut
	if cut == nil || cut.File != segment1 || cut.Offset != second || cut.Frames != 2 || cut.Records != 2 ||
		cut.Bytes != 2*frameBytes(100) || recovery.Clean || recovery.LastLSN != 1 {
		t.Errorf("recovered %+v, cut %+v", recovery, cut)
	}
	if want := "the checksum of the records 2 to 2 is wrong"; !strings.Contains(cut.String(), want) {
		t.Errorf("%q does not say %q", cut, want)
	}
	s.append(2, 100) // of the same size: the third frame would follow if it were still there
	s.kill()
	if recovery := s.open(); recovery.LastLSN != 2 || recovery.Cut != nil {
		t.Errorf("recovered %+v, cut %+v", recovery, recovery.Cut)
	}
}

func TestDamageBeforeADurableFrameIsRefused(t *testing.T) {
	s := newStore(t)
	s.append(1, 100)
	s.append(2, 100)
	mustSync(t, s.log, 2)
	s.append(3, 100)
	s.kill()
	s.edit(segment1, flipAt(redolog.HeaderBytes+frameBytes(100)+70))
	s.refused(redolog.ErrCorrupt, segment1, fmt.Sprint("offset ", redolog.HeaderBytes+frameBytes(100)),
		"a later frame says that the log was durable up to lsn 2, and it ends at 1",
		"`bpfdb verify data`", "`bpfdb verify --repair data`", "losing 2 frames with 2 records")
}

func TestDamageAfterACleanCloseIsRefused(t *testing.T) {
	s := newStore(t)
	s.append(1, 100)
	if err := s.log.Close(); err != nil {
		t.Fatal(err)
	}
	s.edit(segment1, flipAt(redolog.HeaderBytes))
	s.refused(redolog.ErrCorrupt, segment1, "offset 4096", "there is no frame, but a later frame says")
}

func TestDamageBeforeANewerSegmentIsRefused(t *testing.T) {
	s := newStore(t)
	s.append(1, 40_000)
	s.append(2, 40_000)
	s.kill()
	s.edit(segment1, flipAt(redolog.HeaderBytes+100))
	s.refused(redolog.ErrCorrupt, segment1, "offset 4096",
		segment2+" says that the segment before it ends at lsn 1, and it ends at 0")
}

func TestMissingSegment(t *testing.T) {
	s := newStore(t)
	for lsn := uint64(1); lsn <= 3; lsn++ {
		s.append(lsn, 40_000)
	}
	s.kill()
	if err := s.files.Remove(segment2); err != nil {
		t.Fatal(err)
	}
	s.refused(redolog.ErrCorrupt, segment2, "the file is missing", "begins after lsn 2")
}

func TestMissingLog(t *testing.T) {
	s := newStore(t)
	s.append(1, 10)
	checkpoint(t, s.log, 1, set("key", "v"))
	s.kill()
	if err := s.files.Remove(segment1); err != nil {
		t.Fatal(err)
	}
	s.refused(redolog.ErrCorrupt, "there is no log beside checkpoint-00000000000000000001.db")
}

func TestShortenedLog(t *testing.T) {
	s := newStore(t)
	s.append(1, 10)
	s.append(2, 10)
	checkpoint(t, s.log, 1, set("key", "v"))
	s.kill()
	s.edit(segment1, func(text []byte) { clear(text[redolog.HeaderBytes+frameBytes(10):]) })
	s.refused(redolog.ErrCorrupt, "checkpoint-00000000000000000001.db says that the log was durable up to lsn 2")
}

func TestForeignSegment(t *testing.T) {
	a, b := newStore(t), newStore(t)
	for _, s := range []*store{a, b} {
		s.append(1, 40_000)
		s.append(2, 40_000)
		s.kill()
	}
	text, err := readAll(b.files, segment2)
	if err != nil {
		t.Fatal(err)
	}
	a.edit(segment2, func(own []byte) { copy(own, text) })
	a.refused(redolog.ErrForeign, segment2, "belongs to store")
	if report, err := redolog.Verify(a.options()); err != nil || report.OK() || report.Plan != nil {
		t.Errorf("verified %+v, %v", report, err)
	}
	if _, err := redolog.Repair(a.options()); !errors.Is(err, redolog.ErrForeign) {
		t.Errorf("repair: %v", err)
	}
}

func TestUnknownVersion(t *testing.T) {
	s := newStore(t)
	s.append(1, 10)
	checkpoint(t, s.log, 1, set("key", "v"))
	s.kill()
	version := func(text []byte) { binary.LittleEndian.PutUint32(text[8:], redolog.FormatVersion+1) }
	s.edit("checkpoint-00000000000000000001.db", version)
	s.refused(redolog.ErrVersion, "checkpoint-00000000000000000001.db has version 2, this program knows 1")
	s.edit(segment1, version)
	s.refused(redolog.ErrVersion, segment1)
}

func TestRenamedSegment(t *testing.T) {
	s := newStore(t)
	s.append(1, 10)
	s.kill()
	if err := s.files.Rename(segment1, segment2); err != nil {
		t.Fatal(err)
	}
	s.refused(redolog.ErrCorrupt, segment2, "offset 0", "the file's header says it is number 1")
}

func TestDamagedCheckpoint(t *testing.T) {
	s := newStore(t)
	for lsn := uint64(2); lsn <= 6; lsn += 2 {
		s.append(lsn-1, 40_000)
		s.append(lsn, 40_000)
		checkpoint(t, s.log, lsn, set("at", fmt.Sprint(lsn)))
		if err := s.log.Truncate(lsn); err != nil {
			t.Fatal(err)
		}
	}
	s.kill()
	s.edit("checkpoint-00000000000000000006.db", flipAt(redolog.HeaderBytes+redolog.CheckpointHeaderBytes))
	recovery := s.open()
	if recovery.Checkpoint.LSN != 4 || len(recovery.Damaged) != 1 ||
		!strings.Contains(recovery.Damaged[0].String(), "checkpoint-00000000000000000006.db at offset 4096") {
		t.Errorf("recovered from %+v, damaged %v", recovery.Checkpoint, recovery.Damaged)
	}
	if lines := replayed(t, recovery); len(lines) != 2 || !strings.HasPrefix(lines[0], "5 1:key=") {
		t.Errorf("replayed %d records", len(lines))
	}
	s.kill()
	if err := s.files.Remove("checkpoint-00000000000000000004.db"); err != nil {
		t.Fatal(err)
	}
	s.refused(redolog.ErrCorrupt, "the log must go back to lsn 0", "a newer checkpoint is damaged", "at offset 4096")
}

// TestHostileValue stores, as a client may, the bytes of a frame of this very log: where the end is torn in that
// value, it must not be taken for a later frame.
func TestHostileValue(t *testing.T) {
	s := newStore(t)
	s.append(1, 100)
	mustSync(t, s.log, 1)
	s.append(2, 100)
	mustSync(t, s.log, 2)
	s.append(3, 100)
	mustSync(t, s.log, 3)
	s.kill()
	text, err := readAll(s.files, segment1)
	if err != nil {
		t.Fatal(err)
	}
	third := redolog.HeaderBytes + 2*frameBytes(100)
	hostile := text[third:][:frameBytes(100)]
	s.open()
	mustAppend(t, s.log, 4, redolog.Entry{Op: redolog.OpSet, Key: []byte("12345678"), Value: bytes.Repeat(hostile, 3)})
	s.kill()
	s.edit(segment1, flipAt(third+frameBytes(100)+8))
	if recovery := s.open(); recovery.LastLSN != 3 || recovery.Cut == nil || recovery.Cut.Frames != 0 {
		t.Errorf("recovered %+v, cut %+v", recovery, recovery.Cut)
	}
}

// TestFailedSync shows why a log that has failed must not go on: what the kernel has cached is not on disk, though
// later fsyncs succeed. Open must see the disk.
func TestFailedSync(t *testing.T) {
	lost := 0
	for seed := range uint64(20) {
		s := &store{t: t, files: faultfs.New(seed)}
		s.open()
		s.append(1, 100)
		mustSync(t, s.log, 1)
		s.append(2, 20_000)
		s.files.Set(faultfs.Faults{SyncError: 1})
		if _, err := s.log.Sync(); !errors.Is(err, redolog.ErrSyncFailed) || !errors.Is(err, unix.EIO) {
			t.Fatalf("sync: %v", err)
		}
		s.files.Set(faultfs.Faults{})
		if synced, err := s.log.Sync(); !errors.Is(err, redolog.ErrSyncFailed) || synced != 1 {
			t.Fatalf("sync again: %d, %v", synced, err)
		}
		if err := s.log.Append(commit(3), 3, 3, 1); !errors.Is(err, redolog.ErrSyncFailed) {
			t.Fatalf("append: %v", err)
		}
		s.kill()
		last := s.open().LastLSN
		s.files.Crash()
		s.files.Restart()
		if after := s.open().LastLSN; after != last {
			t.Errorf("recovered up to %d, after a crash up to %d", last, after)
		}
		if last == 1 {
			lost++
		}
	}
	if lost == 0 {
		t.Error("nothing was lost in any of the seeds: the test shows nothing")
	}
}

// TestReadErrorIsNoTornEnd makes the disk unreadable for a moment: nothing may be cut for that.
func TestReadErrorIsNoTornEnd(t *testing.T) {
	s := newStore(t)
	s.append(1, 100)
	s.kill()
	s.files.Set(faultfs.Faults{ReadError: 1})
	s.refused(unix.EIO, segment1)
	s.files.Set(faultfs.Faults{})
	if recovery := s.open(); recovery.LastLSN != 1 || recovery.Cut != nil {
		t.Errorf("recovered %+v, cut %+v", recovery, recovery.Cut)
	}
}

func TestFullDisk(t *testing.T) {
	s := newStore(t)
	s.append(1, 40_000)
	s.files.Set(faultfs.Faults{SpaceBytes: redolog.MinSegmentBytes * 3 / 2})
	record := commit(2, set("key", strings.Repeat("v", 40_000)))
	for range 3 {
		err := s.log.Append(record, 2, 2, 1)
		if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "segment 2") {
			t.Fatalf("append: %v", err)
		}
		mustSync(t, s.log, 1)
	}
	s.append(2, 10_000) // what still fits goes on
	s.files.Set(faultfs.Faults{})
	s.append(3, 40_000)
	mustSync(t, s.log, 3)
	s.kill()
	if recovery := s.open(); recovery.LastLSN != 3 || recovery.Cut != nil {
		t.Errorf("recovered %+v, cut %+v", recovery, recovery.Cut)
	}
}

// TestCutIsDurable crashes with a third frame kept and a second one lost, and again after another second one of the
// same size: the third must not come back to life behind it.
func TestCutIsDurable(t *testing.T) {
	reached := 0
	const pageBytes = 4096
	valueBytes := int(pageBytes - frameBytes(0))
	for seed := range uint64(3000) {
		s := &store{t: t, files: faultfs.New(seed)}
		s.open()
		s.append(1, valueBytes)
		mustSync(t, s.log, 1)
		s.append(2, valueBytes)
		s.append(3, valueBytes)
		s.files.Crash()
		s.files.Restart()
		if recovery := s.open(); recovery.LastLSN != 1 || recovery.Cut == nil || recovery.Cut.Frames == 0 {
			continue
		}
		s.append(2, valueBytes)
		s.files.Crash()
		s.files.Restart()
		switch recovery := s.open(); recovery.LastLSN {
		case 1:
		case 2:
			reached++
		default:
			t.Errorf("seed %d: recovered up to %d", seed, recovery.LastLSN)
		}
	}
	if reached < 50 {
		t.Errorf("the second frame was kept in %d seeds only", reached)
	}
}
