package workloads

import (
	"errors"
	"testing"
)

func newTestStream(t testing.TB, name string, seed uint64, worker, workers int) *Stream {
	t.Helper()
	spec, err := ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	spec.Records = 10_000
	s, err := NewStream(spec, seed, worker, workers)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func digestOf(s *Stream, ops int) uint64 {
	for range ops {
		s.Next()
	}
	return s.Digest()
}

func TestStreamIsAFunctionOfItsArguments(t *testing.T) {
	seen := map[uint64]bool{}
	for _, name := range Names() {
		for seed := range uint64(3) {
			for worker := range 3 {
				digest := digestOf(newTestStream(t, name, seed, worker, 3), 100)
				if again := digestOf(newTestStream(t, name, seed, worker, 3), 100); again != digest {
					t.Errorf("%s: two equal streams have digests %x and %x", name, digest, again)
				}
				if name != "ping" && seen[digest] { // all pings are alike
					t.Errorf("%s seed %d worker %d: digest of another stream", name, seed, worker)
				}
				seen[digest] = true
			}
		}
	}
}

// TestStreamIsStable pins a stream: if it changes, results are no longer comparable with
// committed ones, and the schema version of results must say so.
func TestStreamIsStable(t *testing.T) {
	const want = uint64(0x8624657a695cf1ef)
	if got := digestOf(newTestStream(t, "ycsb-a", 1, 0, 2), 1000); got != want {
		t.Errorf("digest of ycsb-a is %#x, want %#x", got, want)
	}
}

func TestDigestSeesOrderKindKeyAndVersion(t *testing.T) {
	streams := [][]Op{
		{{Read, 1, 0}, {Read, 2, 0}},
		{{Read, 2, 0}, {Read, 1, 0}},
		{{Update, 1, 0}, {Read, 2, 0}},
		{{Read, 1, 1}, {Read, 2, 0}},
		{{Read, 1, 0}},
	}
	seen := map[digest]int{}
	for i, ops := range streams {
		d := newDigest(100)
		for _, op := range ops {
			d.add(op)
		}
		if j, taken := seen[d]; taken {
			t.Errorf("streams %d and %d have the same digest", i, j)
		}
		seen[d] = i
	}
	if newDigest(100) == newDigest(101) {
		t.Error("digest does not see the value size")
	}
}

func TestStreamMix(t *testing.T) {
	for _, name := range Names() {
		s := newTestStream(t, name, 7, 0, 1)
		spec, _ := ByName(name)
		counts := [KindCount]uint64{}
		versions := map[uint32]bool{}
		for range 200_000 {
			op := s.Next()
			counts[op.Kind]++
			writes := op.Kind == Update || op.Kind == ReadModifyWrite
			if writes != (op.Version != 0) || writes && versions[op.Version] {
				t.Fatalf("%s: %v has version %d, or the version was used before", name, op.Kind, op.Version)
			}
			versions[op.Version] = true
		}
		kinds, shares := []uint64{}, []float64{}
		for kind, p := range spec.proportions() {
			if p > 0 {
				kinds, shares = append(kinds, counts[kind]), append(shares, p)
			} else if counts[kind] > 0 {
				t.Errorf("%s: %d operations of kind %v, want none", name, counts[kind], Kind(kind))
			}
		}
		if len(kinds) > 1 {
			checkChiSquare(t, kinds, func(i int) float64 { return shares[i] })
		}
	}
}

func TestStreamDoesNotAllocate(t *testing.T) {
	for _, distribution := range []Spec{
		{Distribution: Uniform}, {Distribution: Zipfian, Theta: 0.99}, {Distribution: YCSBZipfian, Theta: 0.99},
	} {
		spec, _ := ByName("ycsb-f")
		spec.Distribution, spec.Theta = distribution.Distribution, distribution.Theta
		s, err := NewStream(spec, 1, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		key, value := make([]byte, 0, MaxKeyBytes), make([]byte, 0, spec.ValueBytes)
		allocations := testing.AllocsPerRun(1000, func() {
			op := s.Next()
			key = AppendKey(key[:0], op.Key)
			value = AppendValue(value[:0], op.Key, op.Version, spec.ValueBytes)
			if VerifyValue(value, op.Key) != nil {
				t.Error("value does not verify")
			}
		})
		if allocations != 0 {
			t.Errorf("%s: %g allocations per operation, want 0", spec.Distribution, allocations)
		}
	}
}

func TestWorkersAreChecked(t *testing.T) {
	spec, _ := ByName("ycsb-a")
	for _, w := range [][2]int{{-1, 1}, {1, 1}, {0, 0}} {
		if _, err := NewStream(spec, 1, w[0], w[1]); !errors.Is(err, ErrSpec) {
			t.Errorf("stream of worker %d of %d: error %v, want %v", w[0], w[1], err, ErrSpec)
		}
		if _, err := NewLoadOps(spec, w[0], w[1]); !errors.Is(err, ErrSpec) {
			t.Errorf("load of worker %d of %d: error %v, want %v", w[0], w[1], err, ErrSpec)
		}
	}
}
