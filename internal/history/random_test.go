package history

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// serialHistory is what a correct engine may answer: transactions take effect one by one, at an instant between
// call and return, and the outcome of some is not known.
func serialHistory(rng *rand.Rand, txns, sessions, keys int) []Transaction {
	lists := make([][]uint64, keys)
	free := make([]int64, sessions) // when the session's last transaction returned
	value := uint64(0)
	var all []Transaction
	for i := range txns {
		now := int64(i)*10 + 100
		session := rng.IntN(sessions)
		t := Transaction{Session: session, CallNS: max(free[session]+1, now-rng.Int64N(100))}
		if t.CallNS > now {
			continue // the session is still at its last one
		}
		before := slices.Clone(lists)
		for range 1 + rng.IntN(4) {
			key := rng.IntN(keys)
			if rng.IntN(2) == 0 {
				t.Accesses = append(t.Accesses, Access{Key: uint64(key), List: lists[key]})
				continue
			}
			value++
			t.Accesses = append(t.Accesses, Access{Append: true, Key: uint64(key), Value: value})
			lists[key] = append(slices.Clip(lists[key]), value)
		}
		t.ReturnNS = now + rng.Int64N(100)
		free[session] = t.ReturnNS
		switch rng.IntN(10) {
		case 0:
			t.Outcome, lists = Aborted, before
		case 1:
			t.Outcome = Indeterminate
			if rng.IntN(2) == 0 {
				lists = before
			}
			session = len(free) // the connection is gone
		}
		all = append(all, t)
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// TestSerialHistories never calls a history wrong that has a serial order.
func TestSerialHistories(t *testing.T) {
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		txns := serialHistory(rng, 1+rng.IntN(60), 1+rng.IntN(8), 1+rng.IntN(6))
		if got := Anomalies(txns); got != nil {
			t.Fatalf("seed %d: %v", seed, got)
		}
	}
}

// mutate changes one answer, to one that may or may not be possible.
func mutate(rng *rand.Rand, txns []Transaction) {
	t := &txns[rng.IntN(len(txns))]
	a := &t.Accesses[rng.IntN(len(t.Accesses))]
	switch n := len(a.List); rng.IntN(5) {
	case 0: // an old version
		a.List = slices.Clone(a.List[:rng.IntN(n+1)])
	case 1:
		other := txns[rng.IntN(len(txns))].Accesses
		a.List = slices.Clone(other[rng.IntN(len(other))].List)
	case 2:
		t.Outcome = Outcome(rng.IntN(3))
	case 3:
		shift := rng.Int64N(400) - 200
		t.CallNS, t.ReturnNS = t.CallNS+shift, t.ReturnNS+shift
	case 4:
		if a.List = slices.Clone(a.List); n > 1 {
			i := rng.IntN(n - 1)
			a.List[i], a.List[i+1] = a.List[i+1], a.List[i]
		}
	}
	if a.Append {
		a.List = nil
	}
}

// explained looks for a serial order by trying all of them, indeterminate transactions with and without effect.
func explained(txns []Transaction) bool {
	var order func(done []bool, lists map[uint64][]uint64) bool
	order = func(done []bool, lists map[uint64][]uint64) bool {
		left := false
		for i := range txns {
			if done[i] || txns[i].Outcome == Aborted {
				continue
			}
			left = left || txns[i].Outcome == Committed
			if !mayBeNext(txns, done, i) {
				continue
			}
			if after, ok := replay(txns[i], lists); ok {
				next := slices.Clone(done)
				next[i] = true
				if order(next, after) {
					return true
				}
			}
		}
		return !left
	}
	return order(make([]bool, len(txns)), map[uint64][]uint64{})
}

// mayBeNext says whether nobody who is still to come had to come before, in real time or in the session, and
// nobody who is done had to come after: an indeterminate one holds nobody up, but may not come late either.
func mayBeNext(txns []Transaction, done []bool, i int) bool {
	for j := range txns {
		if !done[j] && txns[j].Outcome == Committed && comesBefore(txns, j, i) || done[j] && comesBefore(txns, i, j) {
			return false
		}
	}
	return true
}

// comesBefore says whether an order must have i before j whatever they read.
func comesBefore(txns []Transaction, i, j int) bool {
	a, b := &txns[i], &txns[j]
	if i != j && a.Session == b.Session && (a.CallNS < b.CallNS || a.CallNS == b.CallNS && i < j) {
		return true
	}
	return a.Outcome == Committed && returnedNS(a) < b.CallNS
}

// replay applies a transaction if its reads are right.
func replay(t Transaction, lists map[uint64][]uint64) (after map[uint64][]uint64, ok bool) {
	after = map[uint64][]uint64{}
	for key, list := range lists {
		after[key] = list
	}
	for _, a := range t.Accesses {
		if a.Append {
			after[a.Key] = append(slices.Clip(after[a.Key]), a.Value)
		} else if !slices.Equal(after[a.Key], a.List) {
			return nil, false
		}
	}
	return after, true
}

// TestAgainstEveryOrder compares the verdict on small damaged histories with the definition itself.
func TestAgainstEveryOrder(t *testing.T) {
	wrong := 0
	for seed := range uint64(20_000) {
		rng := rand.New(rand.NewPCG(seed, 2))
		txns := serialHistory(rng, 2+rng.IntN(5), 1+rng.IntN(4), 1+rng.IntN(3))
		for range 1 + rng.IntN(3) {
			mutate(rng, txns)
		}
		got := Anomalies(txns)
		if want := explained(txns); want != (got == nil) {
			for i := range txns {
				t.Log(txns[i].text(i))
			}
			t.Fatalf("seed %d: a serial order exists: %v, but got %v", seed, want, got)
		} else if !want {
			wrong++
		}
	}
	t.Logf("%d of 20000 histories have no serial order", wrong)
	if wrong < 2000 || wrong > 18_000 {
		t.Error("want a good share of both kinds")
	}
}

// TestLongHistory checks a hundred thousand transactions, right and with one stale read.
func TestLongHistory(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	var txns []Transaction
	for len(txns) < 100_000 { // lists are left behind when they have grown long, as drivers do
		part := serialHistory(rng, 1000, 50, 8)
		base := uint64(len(txns))
		for i := range part {
			part[i].CallNS += int64(base) * 20
			part[i].ReturnNS += int64(base) * 20
			for j := range part[i].Accesses {
				a := &part[i].Accesses[j]
				a.Key, a.Value = a.Key+base, a.Value+base*10
				a.List = slices.Clone(a.List)
				for k := range a.List {
					a.List[k] += base * 10
				}
			}
		}
		txns = append(txns, part...)
	}
	start := time.Now()
	if got := Anomalies(txns); got != nil {
		t.Fatalf("%v", got)
	}
	t.Logf("%d transactions in %v", len(txns), time.Since(start))
	for i := range txns {
		a := &txns[i].Accesses[0]
		if n := len(a.List); i > 50_000 && n > 100 && txns[i].Outcome == Committed {
			a.List = a.List[:n-100]
			break
		}
	}
	start = time.Now()
	if got := Anomalies(txns); got == nil {
		t.Error("a read that is a hundred appends behind was not noticed")
	}
	t.Logf("with a stale read: %v", time.Since(start))
}

// FuzzAnomalies compares the verdict with the definition on histories made of the input's bytes.
func FuzzAnomalies(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	f.Add([]byte("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		txns := bytesHistory(data)
		got, want := Anomalies(txns), explained(txns)
		if want != (got == nil) && !names(got, DuplicateAppend) {
			t.Errorf("a serial order exists: %v, but got %v", want, got)
		}
	})
}

func names(anomalies []Anomaly, name string) bool {
	return slices.ContainsFunc(anomalies, func(a Anomaly) bool { return a.Name == name })
}

// bytesHistory makes up to 6 transactions, with all that a history can hold.
func bytesHistory(data []byte) (txns []Transaction) {
	next := func() int {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return int(b)
	}
	for len(data) > 0 && len(txns) < 6 {
		t := Transaction{Outcome: Outcome(next() % 3), Session: next() % 3, CallNS: int64(next() % 16)}
		t.ReturnNS = int64(next() % 16)
		for range next() % 5 {
			a := Access{Append: next()%2 == 0, Key: uint64(next() % 3)}
			if a.Append {
				a.Value = uint64(next() % 8)
			} else {
				for range next() % 5 {
					a.List = append(a.List, uint64(next()%8))
				}
			}
			t.Accesses = append(t.Accesses, a)
		}
		txns = append(txns, t)
	}
	return txns
}
