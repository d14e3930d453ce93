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

// recordOne calls one random operator, every other client's in a transaction of its own;
// false when it was refused and did nothing.
func recordOne(db *DB, rng *rand.Rand, client, n, keys int) (op history.Operation, done bool, err error) {
	op = history.Operation{Client: client, Key: rng.Uint64N(uint64(keys))}
	op.CallNS = monotonicNS()
	if client%2 == 0 {
		err = operateOne(db, rng, n, &op)
	} else if txn, errBegin := db.Begin(); errBegin != nil {
		err = errBegin
	} else if err = operateOne(txn, rng, n, &op); err == nil {
		err = txn.Commit()
	} else {
		_ = txn.Abort()
	}
	op.ReturnNS = monotonicNS()
	if errors.Is(err, ErrContention) || errors.Is(err, ErrConflict) {
		return op, false, nil
	}
	return op, err == nil, err
}

func operateOne(on operators, rng *rand.Rand, n int, op *history.Operation) error {
	key := number64(op.Key)
	switch rng.IntN(4) {
	case 0:
		op.Code, op.Value = history.Write, uint64(op.Client+1)<<32|uint64(n)
		return on.Set(key, number64(op.Value))
	case 1:
		op.Code = history.Delete
		found, err := on.Delete(key)
		op.Found = found
		return err
	default:
		value, err := on.Get(key)
		if op.Found = err == nil; op.Found {
			op.Value = binary.LittleEndian.Uint64(value)
		}
		return ignoreNotFound(err)
	}
}

// TestLinearizable records what goroutines, transactions among them, and timers in softirq
// do to the same few keys, and looks for an order that explains every answer. Where there is a redo log
// it must lead to the same end.
func TestLinearizable(t *testing.T) {
	for _, d := range Durabilities() {
		t.Run(string(d), func(t *testing.T) {
			dir := t.TempDir()
			db := durable(t, dir, d)
			linearizable(t, db)
			if d == DurabilityNone {
				return
			}
			want := fewValues(t, db)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if got := fewValues(t, durable(t, dir, d)); got != want {
				t.Errorf("recovered %v, want %v", got, want)
			}
		})
	}
}

// fewKeys are contended for.
const fewKeys = 8

func fewValues(t *testing.T, db *DB) (values [fewKeys]string) {
	t.Helper()
	for key := range values {
		value, err := db.Get(number64(uint64(key)))
		if ignoreNotFound(err) != nil {
			t.Fatal(err)
		}
		values[key] = string(value)
	}
	return values
}

func linearizable(t *testing.T, db *DB) {
	t.Helper()
	const keys, clients, softirqCalls = fewKeys, 4, 3000
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
	calls := workers.stop(t)
	ops, refused := workers.history(t, 0)
	t.Logf("%d calls in softirq, %d refused", len(ops), refused)
	if len(ops) < calls/2 {
		t.Errorf("only %d of %d calls in softirq were served", len(ops), calls)
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
