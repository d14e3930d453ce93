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

// TestCorpus checks that the committed seed corpus is what Random gives, as far as it is small enough to
// read.
func TestCorpus(t *testing.T) {
	dir := filepath.Join("testdata", "fuzz", "FuzzSession")
	for seed := range uint64(100) {
		stream := slices.Concat(dialogue.Random(1000 + seed)...)
		if len(stream) > 1000 {
			continue
		}
		file := filepath.Join(dir, fmt.Sprintf("random-%03d", seed))
		want := fmt.Sprintf("go test fuzz v1\n[]byte(%q)\nuint64(%d)\n", stream, seed)
		if *writeCorpus {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != want {
			t.Errorf("%s is not what Random gives; -write-corpus writes it again (%v)", file, err)
		}
	}
}
