package dialogue

import (
	"bytes"
	"strings"
	"testing"

	"bpfdb/engine/model"
)

func TestTurnsAgainstRedis(t *testing.T) {
	addr := startOurRedis(t)
	for seed := range uint64(100) {
		if _, err := DifferTurns(addr, seed, false); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTurnsOverTCP checks the player with transactions, against a server that cannot differ.
func TestTurnsOverTCP(t *testing.T) {
	addr := serveModel(t)
	for seed := range uint64(50) {
		if spurious, err := DifferTurns(addr, seed, true); err != nil || spurious > 0 {
			t.Fatalf("%d spurious conflicts, %v", spurious, err)
		}
	}
}

// TestTurnsSeeDifferences checks that a server without transactions is found out.
func TestTurnsSeeDifferences(t *testing.T) {
	_, err := DifferTurns(startOurRedis(t), 1, true)
	if err == nil || !strings.Contains(err.Error(), "unknown command") {
		t.Errorf("error %v", err)
	}
}

// TestTurnsConflict checks that transactions commit and conflict often enough to matter.
func TestTurnsConflict(t *testing.T) {
	commits, conflicts := 0, 0
	for seed := range uint64(100) {
		db := model.NewDB()
		sessions := map[int]*model.Session{}
		for _, turn := range randomTurns(seed, true) {
			if sessions[turn.conn] == nil {
				sessions[turn.conn] = model.NewSession(db)
			}
			out, _ := sessions[turn.conn].Serve(turn.request)
			if bytes.Contains(bytes.ToUpper(turn.request), []byte("COMMIT")) {
				commits += bytes.Count(out, []byte("+OK"))
			}
			conflicts += bytes.Count(out, []byte("-CONFLICT"))
		}
	}
	if commits < 200 || conflicts < 50 {
		t.Errorf("%d commits and %d conflicts in 100 seeds", commits, conflicts)
	}
}
