package engine

import (
	"errors"
	"sync"

	"golang.org/x/sys/unix"
)

// Txn is a transaction: reads see committed state and its own writes, writes become
// visible all at once at Commit. It is optimistic: Commit fails with ErrConflict when
// another commit changed what it read.
//
// IMPORTANT: end every transaction with Commit or Abort; MaxTxns may be open at once.
// A Txn serves one goroutine at a time.
type Txn struct {
	db *DB
	mu struct {
		sync.Mutex
		txn uint32 // 0 = ended
	}
}

// Begin starts a transaction. ErrTooManyTxns when MaxTxns are open.
func (db *DB) Begin() (*Txn, error) {
	result, err := db.transact(engineTransactCodeTRANSACT_BEGIN, 0)
	if errors.Is(err, ErrConflict) {
		return nil, ErrTooManyTxns
	}
	if err != nil {
		return nil, err
	}
	t := &Txn{db: db}
	t.mu.txn = uint32(result)
	return t, nil
}

func (db *DB) transact(code engineTransactCode, txn uint32) (int32, error) {
	area, err := db.ClaimArea()
	if err != nil {
		return 0, err
	}
	defer area.Release()
	args := engineTransactArgs{Code: code, Txn: txn, Scratch: area.id}
	if err := call(db.programs.Transact, &args); err != nil {
		return 0, err
	}
	if args.Result < 0 {
		return 0, operatorError(args.Result)
	}
	return args.Result, nil
}

func (t *Txn) one(op Op) (Op, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.txn == 0 {
		return op, ErrTxnDone
	}
	return t.db.one(t.mu.txn, op)
}

// Get reads a key, through the transaction's own writes. ErrNotFound when it is not there,
// which Commit validates like a value.
func (t *Txn) Get(key []byte) ([]byte, error) {
	op, err := t.one(Op{Code: OpGet, Key: key})
	return op.Value, err
}

// Set writes a key; nobody else sees it before Commit.
func (t *Txn) Set(key, value []byte) error {
	_, err := t.one(Op{Code: OpSet, Key: key, Value: value})
	return err
}

// Delete removes a key and reports whether it was there.
func (t *Txn) Delete(key []byte) (bool, error) {
	_, err := t.one(Op{Code: OpDelete, Key: key})
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Commit makes all writes visible at once, or none: ErrConflict asks to run the
// transaction again from Begin. Either way the transaction has ended.
func (t *Txn) Commit() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.txn == 0 {
		return ErrTxnDone
	}
	_, err := t.db.transact(engineTransactCodeTRANSACT_COMMIT, t.mu.txn)
	t.mu.txn = 0
	if errors.Is(err, unix.ENOSPC) {
		// The index needed a block while the heap was between two segments: nothing was
		// written, and after growing a new attempt succeeds.
		return errors.Join(ErrConflict, t.db.Grow())
	}
	return err
}

// Abort ends the transaction; nothing of it happened. After Commit it does nothing, so it
// may be deferred.
func (t *Txn) Abort() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.txn == 0 {
		return nil
	}
	_, err := t.db.transact(engineTransactCodeTRANSACT_ABORT, t.mu.txn)
	t.mu.txn = 0
	return err
}
