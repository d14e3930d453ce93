package model_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"bpfdb/engine/model"
	"bpfdb/internal/dialogue"
)

var writeCorpus = flag.Bool("write-corpus", false, "write the seed corpus of FuzzSession again")

// FuzzSession checks that no input makes a session panic and that replies do not depend on how it is cut.
func FuzzSession(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(slices.Concat(dialogue.Random(seed)...), seed)
	}
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64) {
		whole := model.NewSession(model.NewDB())
		want, wantClosed := whole.Serve(stream)

		random := rand.New(rand.NewPCG(seed, 0))
		limit := 1 + random.IntN(20)
		cut := model.NewSession(model.NewDB())
		var got []byte
		closed := false
		for rest := stream; len(rest) > 0; {
			n := min(1+random.IntN(limit), len(rest))
			var out []byte
			out, closed = cut.Serve(rest[:n])
			got = append(got, out...)
			rest = rest[n:]
		}
		if !bytes.Equal(got, want) || closed != wantClosed || whole.Differs() != cut.Differs() {
			t.Errorf("whole: %.300q, closed %v\n  cut: %.300q, closed %v", want, wantClosed, got, closed)
		}
	})
}

// TestWriteCorpus keeps the inputs that are small enough to read.
func TestWriteCorpus(t *testing.T) {
	if !*writeCorpus {
		t.Skip("only with -write-corpus")
	}
	dir := filepath.Join("testdata", "fuzz", "FuzzSession")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(100) {
		stream := slices.Concat(dialogue.Random(1000 + seed)...)
		if len(stream) > 1000 {
			continue
		}
		text := fmt.Sprintf("go test fuzz v1\n[]byte(%q)\nuint64(%d)\n", stream, seed)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("random-%03d", seed)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
