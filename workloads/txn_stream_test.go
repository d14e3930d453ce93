package workloads

import (
	"errors"
	"strings"
	"testing"
)

func newTestTxns(t testing.TB, name string, change func(*Spec), seed uint64, worker, workers int) *TxnStream {
	t.Helper()
	spec := testTxnSpec(t, name)
	if change != nil {
		change(&spec)
	}
	s, err := NewTxnStream(spec, seed, worker, workers, Measured)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testTxnSpec(t testing.TB, name string) Spec {
	t.Helper()
	spec, err := ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	if name == "ycsb-f" {
		spec.RMW, spec.Records = RMWTxn, 10_000
	}
	return spec
}

var txnTestNames = append(TxnNames(), "ycsb-f")

func TestTxnStreamIsAFunctionOfItsArguments(t *testing.T) {
	seen := map[uint64]bool{}
	digestOf := func(name string, seed uint64, worker int) uint64 {
		s := newTestTxns(t, name, nil, seed, worker, 3)
		for range 100 {
			s.Next()
		}
		return s.Digest()
	}
	for _, name := range txnTestNames {
		for seed := range uint64(3) {
			for worker := range 3 {
				digest := digestOf(name, seed, worker)
				if again := digestOf(name, seed, worker); again != digest {
					t.Errorf("%s: two equal streams have digests %x and %x", name, digest, again)
				}
				if seen[digest] {
					t.Errorf("%s seed %d worker %d: digest of another stream", name, seed, worker)
				}
				seen[digest] = true
			}
		}
	}
}

// TestTxnMix compares the types drawn with the published mixes.
func TestTxnMix(t *testing.T) {
	for name, mix := range map[string]map[TxnKind]float64{
		"voter": {Vote: 1},
		"smallbank": {
			Amalgamate: 0.15, Balance: 0.15, DepositChecking: 0.15, SendPayment: 0.25, TransactSavings: 0.15,
			WriteCheck: 0.15,
		},
		"tatp": {
			GetSubscriberData: 0.35, GetAccessData: 0.35, GetNewDestination: 0.1, UpdateLocation: 0.14,
			UpdateSubscriberData: 0.02, InsertCallForwarding: 0.02, DeleteCallForwarding: 0.02,
		},
		"ycsb-t": {ReadRecord: 0.9, Transfer: 0.1},
		"ycsb-f": {ReadRecord: 0.5, ModifyRecord: 0.5},
		"ycsb-e": {ScanRecords: 0.95, InsertRecord: 0.05},
		"txn4":   {WriteFour: 1},
	} {
		s := newTestTxns(t, name, nil, 11, 0, 1)
		counts := make([]uint64, TxnKindCount)
		for range 200_000 {
			counts[s.Next().Kind]++
		}
		var drawn []uint64
		var shares []float64
		for kind, count := range counts {
			if share := mix[TxnKind(kind)]; share > 0 {
				drawn, shares = append(drawn, count), append(shares, share)
			} else if count > 0 {
				t.Errorf("%s: %d times %v, want none", name, count, TxnKind(kind))
			}
		}
		if len(drawn) > 1 {
			checkChiSquare(t, drawn, func(i int) float64 { return shares[i] })
		}
	}
}

func TestTxnStreamDoesNotAllocate(t *testing.T) {
	for _, name := range txnTestNames {
		s := newTestTxns(t, name, nil, 1, 0, 1)
		if allocations := testing.AllocsPerRun(1000, func() { s.Next() }); allocations != 0 {
			t.Errorf("%s: %g allocations per transaction, want 0", name, allocations)
		}
	}
}

// TestRecordsAreThoseOfThePlainStream shows that YCSB F is one load, whichever way its
// read-modify-writes are done.
func TestRecordsAreThoseOfThePlainStream(t *testing.T) {
	spec := testTxnSpec(t, "ycsb-f")
	plainSpec := spec
	plainSpec.RMW = RMWClient
	txns, err := NewTxnStream(spec, 5, 1, 3, Measured)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := NewStream(plainSpec, 5, 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		op, txn := plain.Next(), txns.Next()
		want := Txn{ReadRecord, [5]int64{int64(op.Key)}}
		if op.Kind == ReadModifyWrite {
			want = Txn{ModifyRecord, [5]int64{int64(op.Key), int64(op.Version)}}
		}
		if txn != want {
			t.Fatalf("transaction %d is %v, want %v as the plain stream has %v", i, txn, want, op)
		}
	}
}

func TestTwoKeysDiffer(t *testing.T) {
	hot := func(s *Spec) { s.Distribution, s.HotKeys, s.HotShare = Hotspot, 2, 1 }
	for _, name := range []string{"smallbank", "ycsb-t"} {
		s := newTestTxns(t, name, hot, 3, 0, 1)
		for range 10_000 {
			txn := s.Next()
			two := txn.Kind == Amalgamate || txn.Kind == SendPayment || txn.Kind == Transfer
			if two && txn.Args[0] == txn.Args[1] {
				t.Fatalf("%v is between a key and itself", txn)
			}
			if txn.Kind == Transfer && txn.Args[0] < txn.Args[1] {
				t.Fatalf("%v goes upwards", txn)
			}
		}
	}
}

func TestTxnSpecsAreChecked(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Spec)
		field  string
	}{
		{"voter", func(s *Spec) { s.Family = "bank" }, "family"},
		{"voter", func(s *Spec) { s.MaxVotesPerPhone = 0 }, "max_votes_per_phone"},
		{"voter", func(s *Spec) { s.Records = 1 << 35 }, "records"},
		{"voter", func(s *Spec) { s.TotalCash = 5 }, "total_cash"},
		{"voter", func(s *Spec) { s.ReadProportion = 0.5 }, "proportions"},
		{"smallbank", func(s *Spec) { s.Records = 1 }, "records"},
		{"smallbank", func(s *Spec) { s.MinBalanceCents = s.MaxBalanceCents + 1 }, "min_balance_cents"},
		{"smallbank", func(s *Spec) { s.ValueBytes = 100 }, "value_bytes"},
		{"tatp", func(s *Spec) { s.Distribution = "skewed" }, "distribution"},
		{"ycsb-t", func(s *Spec) { s.TotalCash++ }, "total_cash"},
		{"ycsb-t", func(s *Spec) { s.ReadProportion = 0.5 }, "proportions"},
		{"txn4", func(s *Spec) { s.Records++ }, "records"},
		{"txn4", func(s *Spec) { s.ValueBytes = 8 }, "value_bytes"},
		{"ycsb-f", func(s *Spec) { s.UpdateProportion = 0.1 }, "proportions"},
		{"smallbank", func(s *Spec) { s.Distribution, s.HotKeys = Hotspot, 10 }, "hot_share"},
		{"smallbank", func(s *Spec) { s.Distribution, s.HotShare = Hotspot, 0.9 }, "hot_keys"},
	} {
		spec := testTxnSpec(t, test.name)
		test.change(&spec)
		if err := spec.Validate(); !errors.Is(err, ErrSpec) || !strings.Contains(err.Error(), test.field) {
			t.Errorf("%s: error %v, want it to name %s", test.name, err, test.field)
		}
	}
	for _, name := range txnTestNames {
		if err := testTxnSpec(t, name).Validate(); err != nil {
			t.Error(err)
		}
	}
}
