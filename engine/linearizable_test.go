package engine

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bpfdb/internal/history"
)

func number64(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }

// monotonicNS is the clock of bpf_ktime_get_ns.
func monotonicNS() int64 {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	return now.Nano()
}

// recordOne calls one random operator; false when it was refused and did nothing.
func recordOne(db *DB, rng *rand.Rand, client, n, keys int) (history.Operation, bool, error) {
	op := history.Operation{Client: client, Key: rng.Uint64N(uint64(keys))}
	key := number64(op.Key)
	var err error
	op.CallNS = monotonicNS()
	switch rng.IntN(4) {
	case 0:
		op.Code, op.Value = history.Write, uint64(client+1)<<32|uint64(n)
		err = db.Set(key, number64(op.Value))
	case 1:
		op.Code = history.Delete
		op.Found, err = db.Delete(key)
	default:
		var value []byte
		value, err = db.Get(key)
		op.Found = err == nil
		if op.Found {
			op.Value = binary.LittleEndian.Uint64(value)
		}
		err = ignoreNotFound(err)
	}
	op.ReturnNS = monotonicNS()
	if errors.Is(err, ErrContention) {
		return op, false, nil
	}
	return op, err == nil, err
}

// TestLinearizable records what goroutines and timers in softirq do to the same few keys
// and looks for an order that explains every answer.
func TestLinearizable(t *testing.T) {
	const keys, clients, softirqCalls = 8, 4, 3000
	db := open(t, Options{})
	workers := startSoftirq(t, db, keys, softirqCalls, 30*time.Microsecond)
	histories := make([][]history.Operation, clients)
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() { // until the timers are done, or it has enough
			rng := rand.New(rand.NewPCG(uint64(c), 1))
			for n := 0; n < 20_000; n++ {
				if n%256 == 0 && !workers.running(t) {
					return
				}
				op, done, err := recordOne(db, rng, c+workers.workers, n, keys)
				if err != nil {
					t.Error(err)
					return
				}
				if done {
					histories[c] = append(histories[c], op)
				}
			}
		})
	}
	wg.Wait()
	for workers.running(t) {
		time.Sleep(time.Millisecond)
	}
	ops, refused := workers.history(t, 0)
	t.Logf("%d calls in softirq, %d refused", len(ops), refused)
	if len(ops) < workers.workers*softirqCalls/2 {
		t.Errorf("only %d of %d calls in softirq were served", len(ops), workers.workers*softirqCalls)
	}
	for c, h := range histories {
		t.Logf("client %d: %d calls", c, len(h))
		ops = append(ops, h...)
	}
	bad, undecided := history.Violations(ops, 10*time.Second)
	if len(bad) > 0 || len(undecided) > 0 {
		t.Errorf("keys %v are not linearizable, keys %v undecided", bad, undecided)
	}
}
