package engine

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// Errors of stored procedures.
var (
	// ErrProcedureAbort says that the procedure decided to do nothing, such as for lack of
	// funds; the error's text ends with its reason. Nothing happened.
	ErrProcedureAbort = errors.New("procedure aborted")
	// ErrProcedureCall refuses a call: an unknown procedure, or arguments of the wrong
	// number or form; the text says which. Nothing happened.
	ErrProcedureCall = errors.New("procedure refused")
)

// Call runs a stored procedure as one transaction. ErrProcedureAbort and ErrProcedureCall
// say why it did nothing, ErrContention that others kept getting in its way.
//
// bpf/procedure.bpf.h lists the procedures and tells how to add one.
func (db *DB) Call(name string, args ...[]byte) (Reply, error) {
	return db.call(txnRef{}, name, args)
}

// Call runs a stored procedure inside the transaction. When it fails, nothing of it
// happened and the transaction goes on, unless the error is ErrTxnTooLarge.
func (t *Txn) Call(name string, args ...[]byte) (Reply, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.txn == 0 {
		return Reply{}, ErrTxnDone
	}
	return t.db.call(txnRef{t.mu.txn, t.token}, name, args)
}

func (db *DB) call(txn txnRef, name string, args [][]byte) (Reply, error) {
	area, err := db.ClaimArea()
	if err != nil {
		return Reply{}, err
	}
	defer area.Release()
	if err := area.stageCall(name, args); err != nil {
		return Reply{}, err
	}
	for grown, busy := 0, 0; ; {
		result := engineCallArgs{Scratch: area.id, Txn: txn.number, Token: txn.token}
		if err := call(db.programs.Call, &result); err != nil {
			return Reply{}, err
		}
		switch errno := unix.Errno(-result.Result); {
		case result.Result >= 0:
			if err := db.waitSync(result.Lsn); err != nil {
				return Reply{}, err
			}
			return area.callReply()
		case errno == unix.EXFULL:
			if busy++; busy > maxBusy {
				return Reply{}, ErrLogStalled
			}
			if err := db.WaitLog(); err != nil {
				return Reply{}, err
			}
		case errno == unix.ENOSPC:
			if grown++; grown > maxGrown {
				return Reply{}, ErrOutOfMemory
			}
			if err := db.Grow(); err != nil {
				return Reply{}, err
			}
		case errno == unix.EAGAIN || errno == unix.EBUSY:
			if busy++; busy > maxBusy {
				return Reply{}, ErrContention
			}
			Backoff(busy)
		default:
			return Reply{}, operatorError(result.Result)
		}
	}
}

// stageCall places a call in the area as the parser places a CALL: the name is argument 1.
func (a *Area) stageCall(name string, args [][]byte) error {
	if len(args)+2 > len(a.scratch.Argv) {
		return fmt.Errorf("%w: %d arguments", ErrProcedureCall, len(args))
	}
	at := 0
	stage := func(i int, text []byte) error {
		if at+len(text) > MaxRequest {
			return fmt.Errorf("%w: its arguments exceed %d bytes", ErrProcedureCall, MaxRequest)
		}
		arg := &a.scratch.Argv[i]
		arg.Off, arg.Len = uint32(at), uint32(len(text))
		at += copy(a.scratch.In[at:], text)
		return nil
	}
	if err := stage(1, []byte(name)); err != nil {
		return err
	}
	for i, arg := range args {
		if err := stage(i+2, arg); err != nil {
			return err
		}
	}
	a.scratch.Argc = uint32(len(args) + 2)
	return nil
}

// callReply takes the reply of a call out of the area.
func (a *Area) callReply() (Reply, error) {
	reply, rest, err := parseReply(a.TakeOutput())
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("procedure: %d bytes behind its reply", len(rest))
	}
	return reply, err
}

// replyError turns an error reply, without its '-', into this package's error.
func replyError(text string) error {
	code, reason, _ := strings.Cut(text, " ")
	if code == "ABORT" {
		return fmt.Errorf("%w: %s", ErrProcedureAbort, reason)
	}
	return fmt.Errorf("%w: %s", ErrProcedureCall, reason)
}
