package workloads

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestLatestReadsWhatIsThere checks that a worker of workload D only reads records that were
// loaded or that it has inserted, and that nobody else inserts those, the warm-up included.
func TestLatestReadsWhatIsThere(t *testing.T) {
	spec, _ := ByName("ycsb-d")
	spec.Records = 1000
	owner := map[uint64]int{}
	for stream, seed := range []uint64{5, ^uint64(5)} {
		for worker := range 3 {
			s, err := NewStream(spec, seed, worker, 3)
			if err != nil {
				t.Fatal(err)
			}
			own := map[uint64]bool{}
			for range 20_000 {
				op := s.Next()
				switch {
				case op.Kind == Insert:
					if _, taken := owner[op.Key]; taken || op.Key < spec.Records {
						t.Fatalf("key number %d is inserted twice", op.Key)
					}
					own[op.Key], owner[op.Key] = true, 3*stream+worker
				case op.Key >= spec.Records && !own[op.Key]:
					t.Fatalf("key number %d is read and was not inserted before", op.Key)
				}
			}
		}
	}
}

// TestLatestFollowsZipf compares how far reads look back, before and after inserts.
func TestLatestFollowsZipf(t *testing.T) {
	const n, inserted = 1000, 40
	number := func(i uint64) uint64 { return n + i }
	sum := zeta(n, YCSBTheta)
	for _, own := range []uint64{0, inserted} {
		l := newLatest(n, number)
		l.inserted = own
		r, counts := rand.New(rand.NewPCG(1, own)), make([]uint64, n)
		for range draws {
			key := l.Next(r)
			newest := n + own - 1
			counts[newest-key]++ // numbers are consecutive here
		}
		checkChiSquare(t, counts, func(i int) float64 { return math.Pow(float64(i+1), -YCSBTheta) / sum })
	}
}

func TestExponential(t *testing.T) {
	const n = 1000
	e := newExponential(n)
	whole := 1 - math.Exp(-e.gamma*n) // draws beyond the oldest key are repeated
	counts := sampleCounts(e, n)
	slices.Reverse(counts)
	checkChiSquare(t, counts, func(i int) float64 {
		return (math.Exp(-e.gamma*float64(i)) - math.Exp(-e.gamma*float64(i+1))) / whole
	})
	var newest uint64
	for _, c := range counts[:857] {
		newest += c
	}
	if share := float64(newest) / draws; math.Abs(share*whole-0.95) > 0.002 {
		t.Errorf("6/7 of the keys get %.4f of the draws before repeats, want 0.95", share*whole)
	}
}

func TestHotspot(t *testing.T) {
	const n = 1000
	for _, test := range []struct {
		keys, share float64
		hot         int
	}{{0.2, 0.8, 200}, {10, 0.9, 10}, {1, 0.5, 1}, {0.0001, 0.5, 1}, {n, 0.3, n}, {5 * n, 1, n}} {
		checkChiSquare(t, sampleCounts(newHotspot(n, test.keys, test.share), n), func(i int) float64 {
			switch {
			case test.hot == n:
				return 1.0 / n
			case i < test.hot:
				return test.share / float64(test.hot)
			}
			return (1 - test.share) / float64(n-test.hot)
		})
	}
}

// TestSequential: the workers together visit every key once, and then again.
func TestSequential(t *testing.T) {
	const n, workers = 10, 3
	visits := make([]int, n)
	for worker := range uint64(workers) {
		s := newSequential(n, worker, workers)
		count := (n - worker + workers - 1) / workers
		for range 2 * count {
			visits[s.Next(nil)]++
		}
	}
	for key, count := range visits {
		if count != 2 {
			t.Errorf("key %d was visited %d times, want 2", key, count)
		}
	}
}

func TestScanLengths(t *testing.T) {
	s, counts := newTestTxns(t, "ycsb-e", nil, 3, 0, 1), make([]uint64, 101)
	inserted := map[int64]bool{}
	for range 200_000 {
		switch txn := s.Next(); txn.Kind {
		case ScanRecords:
			counts[txn.Args[1]]++
		default:
			if inserted[txn.Args[0]] || txn.Args[0] < presetRecords {
				t.Fatalf("%v inserts what is there", txn)
			}
			inserted[txn.Args[0]] = true
		}
	}
	checkChiSquare(t, counts[1:], func(int) float64 { return 0.01 })
}
