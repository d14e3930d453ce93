package redolog_test

import (
	"errors"
	"slices"
	"testing"

	"bpfdb/engine/redolog"
)

const prepared = "redo-next.tmp"

// has reports whether there is a file.
func (s *store) has(name string) bool {
	s.t.Helper()
	names, err := s.files.List()
	if err != nil {
		s.t.Fatal(err)
	}
	return slices.Contains(names, name)
}

func (s *store) prepare() {
	s.t.Helper()
	if err := s.log.Prepare(); err != nil {
		s.t.Fatal(err)
	}
	if !s.has(prepared) {
		s.t.Fatal("no segment is prepared")
	}
}

func TestPrepare(t *testing.T) {
	s := newStore(t)
	s.append(1, 40_000)
	s.prepare()
	s.prepare() // nothing more to do
	records := recordOf(2, redolog.MinSegmentBytes)
	if err := s.log.Append(records, 2, 2, 1); err != nil {
		t.Fatal(err)
	}
	if !s.has(prepared) {
		t.Error("a frame larger than a segment took the prepared one")
	}
	calls := s.files.Calls()
	s.append(3, 40_000)
	if s.has(prepared) || !s.has("redo-0000000003.log") {
		t.Error("the prepared segment was not taken")
	}
	// Sync of the one before, header, its sync, name, directory, records, header of the frame.
	if n := s.files.Calls() - calls; n != 7 {
		t.Errorf("beginning a prepared segment took %d calls, want 7", n)
	}
	s.prepare()
	s.kill()
	recovery := s.open()
	if recovery.LastLSN != 3 || recovery.Cut != nil || s.has(prepared) {
		t.Errorf("recovered %+v", recovery)
	}
	s.prepare()
	if err := s.log.Close(); err != nil || s.has(prepared) {
		t.Errorf("close: %v, or a prepared segment was left", err)
	}
	if err := s.log.Prepare(); !errors.Is(err, redolog.ErrClosed) {
		t.Errorf("prepare on a closed log: %v", err)
	}
}
