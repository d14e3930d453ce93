package engine

import (
	"errors"
	"sync"

	"golang.org/x/sys/unix"
)

// Txn is a transaction: reads see the state committed when it began and its own writes,
// writes become visible all at once at Commit. It is optimistic: Commit fails with
// ErrConflict when another commit has changed what it read. One that only read commits always.
//
// IMPORTANT: end every transaction with Commit or Abort; MaxInteractiveTxns may be open at once.
// One that is left idle for Options.TxnTimeout is aborted and answers ErrTxnTimeout.
// A Txn serves one goroutine at a time.
type Txn struct {
	db    *DB
	token uint64
	mu    struct {
		sync.Mutex
		txn uint32 // 0 = ended
	}
}

// Begin starts a transaction. ErrTooManyTxns when MaxInteractiveTxns are open.
func (db *DB) Begin() (*Txn, error) { return db.begin(txnInteractive | txnSnapshot) }

// BeginReadOnly starts a transaction that reads the state of this instant for as long as it is
// open, and neither waits for writers nor holds them up; Set and Delete fail with
// ErrReadOnly. Its Commit cannot conflict. ErrTooManyTxns as for Begin.
func (db *DB) BeginReadOnly() (*Txn, error) {
	return db.begin(txnInteractive | txnSnapshot | txnReadOnly)
}

// BPFDB_TXN_* in bpf/bpfdb.h.
const (
	txnInteractive = 1
	txnReadOnly    = 2
	txnSnapshot    = 4
)

// handleBit keeps the tokens of transactions begun here apart from socket cookies, which are small counters.
const handleBit = 1 << 63

func (db *DB) begin(flags uint32) (*Txn, error) {
	t := &Txn{db: db, token: db.txnTokens.Add(1) | handleBit}
	result, err := t.transact(engineTransactArgs{Code: engineTransactCodeTRANSACT_BEGIN, Flags: flags})
	if errors.Is(err, ErrConflict) {
		return nil, ErrTooManyTxns
	}
	if err != nil {
		return nil, err
	}
	t.mu.txn = uint32(result)
	return t, nil
}

func (t *Txn) transact(args engineTransactArgs) (int32, error) {
	area, err := t.db.ClaimArea()
	if err != nil {
		return 0, err
	}
	defer area.Release()
	args.Token, args.Scratch = t.token, area.id
	for busy := range maxBusy {
		if err := call(t.db.programs.Transact, &args); err != nil {
			return 0, err
		}
		if errno := unix.Errno(-args.Result); errno == unix.EXFULL {
			if err := t.db.WaitLog(); err != nil {
				args.Code = engineTransactCodeTRANSACT_ABORT
				return 0, errors.Join(err, call(t.db.programs.Transact, &args))
			}
		} else if errno != unix.EBUSY {
			break
		}
		Backoff(busy)
	}
	if args.Result < 0 {
		return 0, operatorError(args.Result)
	}
	return args.Result, t.db.waitSync(args.Lsn)
}

// end commits or aborts.
func (t *Txn) end(code engineTransactCode) error {
	_, err := t.transact(engineTransactArgs{Code: code, Txn: t.mu.txn})
	t.mu.txn = 0
	return err
}

func (t *Txn) one(op Op) (Op, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.txn == 0 {
		return op, ErrTxnDone
	}
	return t.db.one(txnRef{t.mu.txn, t.token}, op)
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
	err := t.end(engineTransactCodeTRANSACT_COMMIT)
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
	if err := t.end(engineTransactCodeTRANSACT_ABORT); !errors.Is(err, ErrTxnTimeout) {
		return err
	}
	return nil // it has been aborted already
}
