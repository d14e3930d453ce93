package isolation

import (
	"errors"
	"time"

	"bpfdb/engine"
	"bpfdb/internal/history"
)

// goAPI runs transactions over engine.Txn. It has no APPEND: it reads the list, which is written down, and writes
// it with one element more.
type goAPI struct{ db *engine.DB }

func (goAPI) close() error { return nil }

// refused says that the engine gave up the transaction, which never happened.
func refused(err error) bool {
	return errors.Is(err, engine.ErrConflict) || errors.Is(err, engine.ErrContention) ||
		errors.Is(err, engine.ErrTxnTimeout)
}

func (g goAPI) run(p plan) (result, error) {
	if p.single {
		return g.single(p)
	}
	begin := g.db.Begin
	if p.readOnly {
		begin = g.db.BeginReadOnly
	}
	txn, err := begin()
	if err != nil {
		return result{}, err
	}
	r := result{outcome: history.Aborted}
	for _, a := range p.accesses {
		err := g.access(txn, a, &r)
		if refused(err) {
			return r, txn.Abort()
		} else if err != nil {
			return r, errors.Join(err, txn.Abort())
		}
	}
	time.Sleep(p.pause)
	switch p.ending {
	case endAbort:
		return r, txn.Abort()
	case endVanish:
		r.gone = true
		return r, nil // forgotten: the engine must abort it in time
	}
	err = txn.Commit()
	if err == nil {
		r.outcome = history.Committed
	} else if refused(err) {
		err = nil
	}
	return r, err
}

func (g goAPI) access(txn *engine.Txn, a history.Access, r *result) error {
	list, err := readList(txn.Get, a.Key)
	if err != nil {
		return err
	}
	r.accesses = append(r.accesses, history.Access{Key: a.Key, List: list})
	if !a.Append {
		return nil
	}
	var stored []byte
	for _, e := range append(list, a.Value) {
		stored = append(stored, number64(e)...)
	}
	if err := txn.Set(number64(a.Key), stored); err != nil {
		return err
	}
	r.accesses = append(r.accesses, a)
	return nil
}

// single reads one list outside a transaction.
func (g goAPI) single(p plan) (result, error) {
	list, err := readList(g.db.Get, p.accesses[0].Key)
	if refused(err) {
		return result{outcome: history.Aborted}, nil
	}
	return result{accesses: []history.Access{{Key: p.accesses[0].Key, List: list}}}, err
}

func readList(get func([]byte) ([]byte, error), key uint64) ([]uint64, error) {
	stored, err := get(number64(key))
	if errors.Is(err, engine.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return elements(stored)
}
