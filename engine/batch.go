package engine

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Op is one operation of a batch.
type Op struct {
	Code  OpCode
	Key   []byte
	Value []byte // Set: what to write; Get: the value read, nil when Err is not nil
	// Err is ErrNotFound for a Get or Delete of a key that is not there; nothing else ends
	// up here, because other errors end the batch.
	Err error
}

// OpCode is what an Op does.
type OpCode uint32

// The operators that a batch may hold.
const (
	OpGet    = OpCode(engineOperationCodeOPERATOR_GET)
	OpSet    = OpCode(engineOperationCodeOPERATOR_SET)
	OpDelete = OpCode(engineOperationCodeOPERATOR_DELETE)
)

// Batch executes ops in order, each on its own, with as few program runs as fit. It
// returns how many were done; the error is that of the first one not done.
func (db *DB) Batch(ops []Op) (int, error) { return db.operate(txnRef{}, ops) }

// maxGrown bounds how often one operation is tried again after growing: others may use up
// what was added, and a bucket whose chain is full does not always get room by a split.
const maxGrown = 64

// maxBusy bounds how often an operation that met contention is tried again, and a call that found its
// transaction in use, as it can only be while it is looked at for being idle.
const maxBusy = 1000

// txnRef names an open transaction; the zero value: none, each operation is on its own.
type txnRef struct {
	number uint32 // index + 1
	token  uint64
}

const operationBytes = int(unsafe.Sizeof(engineOperation{}))

func check(op *Op) error {
	switch {
	case len(op.Key) > MaxKey:
		return ErrKeyTooLarge
	case op.Code == OpSet && len(op.Value) > MaxValue:
		return ErrValueTooLarge
	}
	return nil
}

// operate runs ops in transaction txn, a bufferful at a time.
func (db *DB) operate(txn txnRef, ops []Op) (int, error) {
	area, err := db.ClaimArea()
	if err != nil {
		return 0, err
	}
	defer area.Release()
	for done := 0; ; {
		n, err := area.stage(ops[done:])
		if err != nil || n == 0 {
			return done, err
		}
		k, err := area.operate(txn, ops[done:done+n])
		done += k
		if err != nil || done == len(ops) {
			return done, err
		}
	}
}

// stage writes as many operations into in[] as fit.
func (a *Area) stage(ops []Op) (int, error) {
	n, used := 0, 0
	for ; n < min(len(ops), maxBatch); n++ {
		if err := check(&ops[n]); err != nil {
			if n == 0 {
				return 0, err
			}
			break // those before it go first
		}
		need := operationBytes + len(ops[n].Key) + len(ops[n].Value)
		if used+need > MaxRequest {
			break
		}
		used += need
	}
	batch, at := a.operations(n), n*operationBytes
	for i := range batch {
		op := &ops[i]
		batch[i] = engineOperation{
			Code:   engineOperationCode(op.Code),
			KeyOff: uint32(at), KeyLen: uint32(len(op.Key)),
			ValueOff: uint32(at + len(op.Key)), ValueLen: uint32(len(op.Value)),
		}
		at += copy(a.scratch.In[at:], op.Key)
		at += copy(a.scratch.In[at:], op.Value)
	}
	return n, nil
}

// operate executes the staged operations and collects their results.
func (a *Area) operate(txn txnRef, ops []Op) (int, error) {
	return a.execute(txn, len(ops), func(i int, result *engineOperation) { a.collect(&ops[i], result) })
}

// execute runs the first n operations in in[], growing the heap and waiting for the redo log when asked to, and
// yields their results. It returns how many were done.
func (a *Area) execute(txn txnRef, n int, collect func(i int, result *engineOperation)) (int, error) {
	batch := a.operations(n)
	for from, grown, busy := 0, 0, 0; from < n; {
		args := engineOperateArgs{
			Scratch: a.id, Txn: txn.number, Token: txn.token, From: uint32(from), To: uint32(n),
		}
		if err := call(a.db.programs.Operate, &args); err != nil {
			return from, err
		}
		for i := from; i < int(args.Result); i++ {
			collect(i, &batch[i])
		}
		if err := a.db.waitSync(args.Lsn); err != nil {
			return from, err
		}
		if from < int(args.Result) {
			from, grown, busy = int(args.Result), 0, 0
		}
		switch errno := unix.Errno(-args.Error); errno {
		case 0, unix.E2BIG: // E2BIG without progress is the transaction's limit
			if errno == unix.E2BIG && a.scratch.OutLen == 0 {
				return from, ErrTxnTooLarge
			}
		case unix.EBUSY:
			if busy++; busy > maxBusy {
				return from, ErrContention
			}
			Backoff(busy)
		case unix.ENOSPC:
			if grown++; grown > maxGrown {
				return from, ErrOutOfMemory
			}
			if err := a.db.Grow(); err != nil {
				return from, err
			}
		case unix.EXFULL:
			if busy++; busy > maxBusy {
				return from, ErrLogStalled
			}
			if err := a.db.WaitLog(); err != nil {
				return from, err
			}
		default:
			return from, operatorError(args.Error)
		}
	}
	return n, nil
}

// collect takes one result out of the area.
func (a *Area) collect(op *Op, result *engineOperation) {
	op.Err = nil
	switch {
	case op.Code == OpGet && result.Result == 0:
		op.Value = append([]byte{}, a.scratch.Out[result.ValueOff:result.ValueOff+result.ValueLen]...)
	case op.Code == OpGet, op.Code == OpDelete && result.Result == 0:
		op.Value, op.Err = nil, ErrNotFound
	}
}

// one runs a single operation.
func (db *DB) one(txn txnRef, op Op) (Op, error) {
	ops := [1]Op{op}
	if _, err := db.operate(txn, ops[:]); err != nil {
		return op, err
	}
	return ops[0], ops[0].Err
}

// Get reads the latest committed value. ErrNotFound when the key is not there.
func (db *DB) Get(key []byte) ([]byte, error) {
	op, err := db.one(txnRef{}, Op{Code: OpGet, Key: key})
	return op.Value, err
}

// Set writes one key and commits. ErrOutOfMemory at the memory limit.
func (db *DB) Set(key, value []byte) error {
	_, err := db.one(txnRef{}, Op{Code: OpSet, Key: key, Value: value})
	return err
}

// Delete removes one key and commits; it reports whether the key was there.
func (db *DB) Delete(key []byte) (bool, error) {
	_, err := db.one(txnRef{}, Op{Code: OpDelete, Key: key})
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
