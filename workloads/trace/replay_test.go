package trace

import (
	"testing"

	"bpfdb/workloads"
)

func synthetic(t *testing.T, s Synthetic, part Part) *Replay {
	t.Helper()
	source, err := s.NewSource()
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(source, part)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Parts hold every request once, those of a key on one connection and in order, in both phases.
func TestParts(t *testing.T) {
	r := synthetic(t, Synthetic{Keys: 500, RateOps: 100, Skew: 0.9, Seed: 1}, Part{WarmupRequests: 300, Requests: 3000})
	connection := map[string]int{}
	for _, phase := range []workloads.Phase{workloads.Warmup, workloads.Measured} {
		seen := map[uint32]bool{}
		for at, part := range r.Parts(phase, 7, 5) {
			last := -1
			for _, i := range part {
				key := r.Key(uint64(i))
				if other, met := connection[key]; met && other != at {
					t.Fatalf("key %s is on connections %d and %d", key, other, at)
				}
				connection[key] = at
				if int(i) <= last || seen[i] {
					t.Fatalf("request %d comes after %d, seen before: %v", i, last, seen[i])
				}
				last, seen[i] = int(i), true
			}
		}
		if uint64(len(seen)) != r.Len(phase) {
			t.Errorf("parts hold %d of %d requests", len(seen), r.Len(phase))
		}
	}
}

func TestSyntheticIsDeterministic(t *testing.T) {
	s := DefaultSynthetic()
	part := Part{Requests: 10_000}
	hashes := map[string]bool{}
	for _, other := range []Synthetic{s, s, {s.Keys, s.RateOps, s.Skew, 2}, {s.Keys, s.RateOps / 5, s.Skew, 1}} {
		hashes[synthetic(t, other, part).Report().SHA256] = true
	}
	if len(hashes) != 3 {
		t.Errorf("%d different traces of three parameter sets", len(hashes))
	}
	// Golden: whoever changes the generator makes other traces of old specs.
	const want = "8962cca245097abadb26f49f4d70bc9be897cc3ad7490443c15b399ecae0e86e"
	if got := synthetic(t, s, part).Report().SHA256; got != want {
		t.Errorf("the default trace has the digest %s, want %s", got, want)
	}
}

// A trace that is written and read again is the same.
func TestSyntheticKeepsTheFormat(t *testing.T) {
	source, err := DefaultSynthetic().NewSource()
	if err != nil {
		t.Fatal(err)
	}
	for range 5000 {
		want, err := source.Next()
		if err != nil {
			t.Fatal(err)
		}
		line := AppendLine(nil, want)
		got, err := ParseLine(line[:len(line)-1])
		if err != nil || string(AppendLine(nil, got)) != string(line) || got.KeyBytes != uint64(len(got.Key)) {
			t.Fatalf("%s read as %+v, %v", line, got, err)
		}
	}
}

func TestSyntheticRefuses(t *testing.T) {
	for _, s := range []Synthetic{
		{0, 1, 1, 1}, {maxSyntheticKeys + 1, 1, 1, 1}, {1, 0, 1, 1}, {1, maxSyntheticRate + 1, 1, 1}, {1, 1, 0, 1},
		{1, 1, 5, 1},
	} {
		if _, err := s.NewSource(); err == nil {
			t.Errorf("%+v is accepted", s)
		}
	}
}

func TestTexts(t *testing.T) {
	seed := textSeed(hashOf("k"), 3)
	whole := appendText(nil, seed, 0, 100)
	for from := range 40 {
		for count := range 40 {
			if got := appendText(nil, seed, from, count); string(got) != string(whole[from:from+count]) {
				t.Fatalf("%d bytes from %d on: %q, want %q", count, from, got, whole[from:from+count])
			}
		}
	}
	for size := range 100 {
		if err := verifyText(whole[:size], seed, size); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		for i := range size {
			wrong := append([]byte{}, whole[:size]...)
			wrong[i] ^= 1
			if verifyText(wrong, seed, size) == nil {
				t.Errorf("byte %d of %d is wrong, and nobody sees it", i, size)
			}
		}
	}
	if verifyText(whole, textSeed(hashOf("k"), 4), 100) == nil || verifyText(whole, seed, 99) == nil {
		t.Error("another version, or another length, passes for the right one")
	}
}
