package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"bpfdb/engine/redolog"
)

// Errors of operators.
var (
	// ErrNotFound says that the key does not exist.
	ErrNotFound = errors.New("key not found")
	// ErrKeyTooLarge refuses a key over MaxKey bytes.
	ErrKeyTooLarge = fmt.Errorf("key exceeds %d bytes", MaxKey)
	// ErrValueTooLarge refuses a value over MaxValue bytes.
	ErrValueTooLarge = fmt.Errorf("value exceeds %d bytes", MaxValue)
	// ErrOutOfMemory refuses a write at the memory limit; reads and deletes go on.
	ErrOutOfMemory = errors.New("memory limit reached")
	// ErrContention says that bounded retries ran out because others kept changing or
	// locking the same keys. The operation did not happen; it may be tried again.
	ErrContention = errors.New("too much contention, try again")
)

// Errors of transactions.
var (
	// ErrConflict says that another commit changed what the transaction read or held what
	// it wrote. Nothing of it happened; run it again from Begin.
	ErrConflict = errors.New("transaction conflict, retry")
	// ErrTxnDone refuses an operation on a transaction already committed or aborted.
	ErrTxnDone = errors.New("transaction already ended")
	// ErrTxnTooLarge says that the transaction read or wrote more keys than it may.
	ErrTxnTooLarge = fmt.Errorf("transaction reads over %d or writes over %d keys", MaxTxnReads, MaxTxnWrites)
	// ErrTooManyTxns says that MaxInteractiveTxns transactions are open already.
	ErrTooManyTxns = fmt.Errorf("%d transactions are open already", MaxInteractiveTxns)
	// ErrTxnTimeout says that the transaction was idle for Options.TxnTimeout and was aborted.
	ErrTxnTimeout = errors.New("transaction was idle for too long and has been aborted")
	// ErrReadOnly refuses a write in a transaction of BeginReadOnly.
	ErrReadOnly = errors.New("transaction is read-only")
)

// Errors of durability.
var (
	// ErrLogFailed refuses a write because the redo log cannot be written: the disk is full, or it failed. Reads
	// go on. After a failed fsync it stays so, and what was not durable then may be gone after a restart.
	ErrLogFailed = errors.New("the redo log cannot be written")
	// ErrLogStalled gives up a write that waited too long for the redo log. It may or may not have happened.
	ErrLogStalled = errors.New("the redo log has been stalled")
	// ErrLogHeld says that the redo log cannot be written now, for lack of space say. What was committed and is not
	// durable stays so until it can. It is an ErrLogFailed.
	ErrLogHeld = fmt.Errorf("%w now", ErrLogFailed)
	// ErrTxnLog says that a transaction's changes exceed what one record of the redo log may hold, 16 MiB.
	ErrTxnLog = fmt.Errorf("transaction writes over %d bytes of redo log", redolog.MaxRecordBytes)
	// ErrPinned refuses to adopt a pinned store; the text says why, and what can be done.
	ErrPinned = errors.New("cannot adopt the pinned store")
	// ErrNoDirectory refuses a checkpoint without Options.Dir.
	ErrNoDirectory = errors.New("there is no directory for checkpoints")
	// ErrCheckpointRunning refuses a checkpoint while another is being written.
	ErrCheckpointRunning = errors.New("a checkpoint is being written already")

	errLogFull = errors.New("the redo log is full")
)

// Errors of opening and using a database.
var (
	// ErrUnsupported names a missing kernel feature or privilege.
	ErrUnsupported = errors.New("not supported here")
	// ErrOptions refuses an option; the text says which and why.
	ErrOptions = errors.New("invalid option")
	// ErrClosed refuses to use a closed database.
	ErrClosed = errors.New("database is closed")
)

// operatorError turns the errno of a kernel operator into this package's error.
func operatorError(errno int32) error {
	switch e := unix.Errno(-errno); e {
	case 0:
		return nil
	case unix.ENOENT:
		return ErrNotFound
	case unix.ENOMEM:
		return ErrOutOfMemory
	case unix.EBUSY:
		return ErrContention
	case unix.EAGAIN:
		return ErrConflict
	case unix.E2BIG:
		return ErrTxnTooLarge
	case unix.EIO:
		return ErrLogFailed
	case unix.EXFULL:
		return errLogFull
	case unix.EFBIG:
		return ErrTxnLog
	case unix.ESTALE:
		return ErrTxnTimeout
	case unix.EROFS:
		return ErrReadOnly
	default:
		return fmt.Errorf("kernel operator: %w", e)
	}
}

// loadError shortens a verifier's refusal to one line; %+v of the cause keeps the log.
func loadError(what string, err error) error {
	var verifier *ebpf.VerifierError
	if errors.As(err, &verifier) {
		return fmt.Errorf("load %s: the kernel's verifier refused it (%s): %w",
			what, strings.TrimSpace(lastLine(verifier)), verifier)
	}
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return fmt.Errorf("load %s: %w: CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON (or root) are needed: %w",
			what, ErrUnsupported, err)
	}
	return fmt.Errorf("load %s: %w", what, err)
}

func lastLine(v *ebpf.VerifierError) string {
	for i := len(v.Log) - 1; i >= 0; i-- {
		if line := v.Log[i]; line != "" && !strings.HasPrefix(line, "processed ") &&
			!strings.HasPrefix(line, "verification time") && !strings.HasPrefix(line, "stack depth") {
			return line
		}
	}
	return "no log"
}
