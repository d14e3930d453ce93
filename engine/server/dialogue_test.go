package server

import (
	"path/filepath"
	"testing"

	"bpfdb/internal/dialogue"
)

// TestDialogues compares every byte of every dialogue with what Redis, or our specification, answers: sent as they
// are, and in pieces of one and of seven bytes.
func TestDialogues(t *testing.T) {
	onEveryPath(t, func(t *testing.T, s *Server) {
		for _, file := range dialogues(t) {
			for _, chunk := range []int{0, 1, 7} {
				t.Run(filepath.Base(file), func(t *testing.T) {
					if err := dialogue.Play(dialogue.TCP(s.Addr().String()), file, chunk); err != nil {
						t.Fatalf("in pieces of %d: %v", chunk, err)
					}
				})
			}
		}
	})
}

// TestRandomStreams compares damaged and oddly cut streams, and connections taking turns in transactions, with the
// model.
func TestRandomStreams(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 20
	}
	onEveryPath(t, func(t *testing.T, s *Server) {
		spurious := 0
		for seed := range seeds {
			if err := dialogue.Differ(s.Addr().String(), seed); err != nil {
				t.Fatal(err)
			}
			n, err := dialogue.DifferTurns(s.Addr().String(), seed, true)
			if err != nil {
				t.Fatal(err)
			}
			spurious += n
		}
		// Of some five COMMITs per seed that should succeed, most must.
		if uint64(spurious) > seeds {
			t.Errorf("%d spurious conflicts with %d seeds", spurious, seeds)
		}
		t.Logf("%d spurious conflicts", spurious)
	})
}
