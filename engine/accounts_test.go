package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cilium/ebpf"
)

//go:generate go tool bpf2go -go-package engine -tags linux -target amd64 -output-suffix _test -no-global-types unchecked ../bpf/testdata/unchecked.bpf.c

const (
	accounts       = 10
	accountStart   = 1000
	accountsTotal  = accounts * accountStart
	accountWorkers = 4
	accountReaders = 2
)

// bank moves money between accounts in transactions while readers add all of it up.
type bank struct {
	db        *DB
	commits   atomic.Int64
	conflicts atomic.Int64
	aborts    atomic.Int64
	audits    atomic.Int64
	wrong     atomic.Int64 // audits and transfers that committed with a wrong sum
}

func account(i int) []byte { return fmt.Appendf(nil, "account %d", i) }

func balance(get func([]byte) ([]byte, error), i int) (uint64, error) {
	value, err := get(account(i))
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(value), nil
}

func sum(get func([]byte) ([]byte, error)) (total uint64, err error) {
	for i := range accounts {
		b, err := balance(get, i)
		if err != nil {
			return 0, err
		}
		total += b
	}
	return total, nil
}

// commit ends txn and counts how.
func (b *bank) commit(txn *Txn) (bool, error) {
	err := txn.Commit()
	switch {
	case err == nil:
		b.commits.Add(1)
	case errors.Is(err, ErrConflict):
		b.conflicts.Add(1)
		return false, nil
	}
	return err == nil, err
}

// transfer moves one unit, turns a key of the worker's own on or off, and now and then
// gives it all up.
func (b *bank) transfer(rng *rand.Rand, worker int) error {
	txn, err := b.db.Begin()
	if err != nil {
		return err
	}
	defer txn.Abort()
	from := rng.IntN(accounts)
	to := (from + 1 + rng.IntN(accounts-1)) % accounts
	have, err := balance(txn.Get, from)
	if err != nil {
		return err
	}
	other, err := balance(txn.Get, to)
	if err != nil {
		return err
	}
	if have > 0 {
		have, other = have-1, other+1
	}
	own := fmt.Appendf(nil, "worker %d", worker)
	was, err := txn.Delete(own)
	if err == nil && !was {
		err = txn.Set(own, make([]byte, rng.IntN(500)))
	}
	err = errors.Join(err, txn.Set(account(from), number64(have)), txn.Set(account(to), number64(other)))
	if err != nil {
		return err
	}
	if rng.IntN(5) == 0 {
		b.aborts.Add(1)
		return txn.Abort()
	}
	_, err = b.commit(txn)
	return err
}

// audit adds everything up in one transaction.
func (b *bank) audit() error {
	txn, err := b.db.Begin()
	if err != nil {
		return err
	}
	defer txn.Abort()
	total, err := sum(txn.Get)
	if err != nil {
		return err
	}
	if ok, err := b.commit(txn); err != nil || !ok {
		return err
	}
	b.audits.Add(1)
	if total != accountsTotal {
		b.wrong.Add(1)
	}
	return nil
}

// run keeps workers and readers at it for a while.
func (b *bank) run(t *testing.T, duration time.Duration) {
	t.Helper()
	for i := range accounts {
		mustSet(t, b.db, account(i), number64(accountStart))
	}
	until := time.Now().Add(duration)
	var wg sync.WaitGroup
	loop := func(f func() error) {
		wg.Go(func() { // until the time is over
			for time.Now().Before(until) {
				if err := f(); err != nil && !errors.Is(err, ErrContention) {
					t.Error(err)
					return
				}
			}
		})
	}
	for worker := range accountWorkers {
		rng := rand.New(rand.NewPCG(uint64(worker), 2))
		loop(func() error { return b.transfer(rng, worker) })
	}
	for range accountReaders {
		loop(b.audit)
	}
	wg.Wait()
	t.Logf("%d commits, %d conflicts, %d aborts, %d audits, %d of them wrong", b.commits.Load(),
		b.conflicts.Load(), b.aborts.Load(), b.audits.Load(), b.wrong.Load())
}

// TestAccounts checks that no committed read ever sees money made or lost, and that what
// random commits and aborts leave behind is exact to the byte.
func TestAccounts(t *testing.T) {
	db := open(t, Options{})
	b := &bank{db: db}
	b.run(t, 2*time.Second)
	if b.wrong.Load() > 0 || b.audits.Load() < 100 || b.conflicts.Load() == 0 || b.aborts.Load() == 0 {
		t.Error("want no wrong sum in many audits, and some conflicts and aborts")
	}
	total, err := sum(db.Get)
	if err != nil || total != accountsTotal {
		t.Errorf("in the end: got a sum of %d, %v, want %d", total, err, accountsTotal)
	}
	for worker := range accountWorkers {
		if _, err := db.Delete(fmt.Appendf(nil, "worker %d", worker)); err != nil {
			t.Fatal(err)
		}
	}
	checkHeld(t, db, accounts, accounts*blockBytes(len(account(0)), 8))
	for range MaxInteractiveTxns { // none of the transactions was lost either
		txn := mustBegin(t, db)
		defer txn.Abort()
	}
}

// TestAccountsUnchecked takes validation out of COMMIT: the same run must then see wrong
// sums, or TestAccounts would prove nothing.
func TestAccountsUnchecked(t *testing.T) {
	db := open(t, Options{})
	spec, err := loadUnchecked()
	if err != nil {
		t.Fatal(err)
	}
	collection, err := ebpf.NewCollectionWithOptions(spec, db.CollectionOptions(spec))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	checked := db.programs.Transact
	db.programs.Transact = collection.Programs["transact_unchecked"]
	b := &bank{db: db}
	b.run(t, 500*time.Millisecond)
	db.programs.Transact = checked
	collection.Close()
	if b.wrong.Load() == 0 {
		t.Error("no audit saw a wrong sum without validation")
	}
}
