package redolog

import (
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// CheckpointWriter writes the state at one lsn. It is for one goroutine; the log goes on meanwhile.
type CheckpointWriter struct {
	log      *Log
	file     File
	name     string
	lsn      uint64
	seed     uint32
	offset   int64
	unsynced int64
	block    []byte
	entries  uint32 // in block
	sums     trailer
	failed   error
}

// CreateCheckpoint begins a checkpoint of the state at lsn: exactly what all commits up to lsn have left. There is
// one at a time, and none older than one that exists (ErrCheckpoint); one at the same lsn is replaced.
func (l *Log) CreateCheckpoint(lsn uint64) (*CheckpointWriter, error) {
	if err := l.beginCheckpoint(lsn); err != nil {
		return nil, err
	}
	h := fileHeader{magic: checkpointMagic, id: l.id, number: lsn, createdNS: time.Now().UnixNano()}
	w := &CheckpointWriter{log: l, name: checkpointName(lsn), lsn: lsn, seed: h.seed()}
	file, err := l.fs.Create(w.temporary())
	if err != nil {
		l.endCheckpoint()
		return nil, fmt.Errorf("create checkpoint: %w", err)
	}
	w.file = file
	if err := w.write(h.encode()); err != nil {
		return nil, errors.Join(err, w.Abort())
	}
	return w, nil
}

func (l *Log) beginCheckpoint(lsn uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch n := len(l.mu.checkpoints); {
	case l.mu.failed != nil:
		return l.mu.failed
	case l.mu.writing:
		return fmt.Errorf("%w: another is being written", ErrCheckpoint)
	case n > 0 && lsn < l.mu.checkpoints[n-1]:
		return fmt.Errorf("%w: lsn %d is before that of the newest one, %d", ErrCheckpoint, lsn, l.mu.checkpoints[n-1])
	}
	l.mu.writing = true
	return nil
}

func (l *Log) endCheckpoint() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.writing = false
}

func (w *CheckpointWriter) temporary() string { return w.name + temporarySuffix }

// Append adds count entries in the format, all of them OpSet, at most MaxBlockBytes. A key must not be added
// twice. The caller may reuse entries. After an error only Abort is left.
func (w *CheckpointWriter) Append(entries []byte, count int) error {
	if w.failed != nil {
		return w.failed
	}
	if len(entries) > MaxBlockBytes {
		return fmt.Errorf("%w: %d bytes of a checkpoint at once, limit %d", ErrRecords, len(entries), MaxBlockBytes)
	}
	if what := checkEntries(entries, uint64(int64(count)), OpSet); what != "" {
		return fmt.Errorf("%w: %s", ErrRecords, what)
	}
	w.block = append(w.block, entries...)
	w.entries += uint32(count)
	if len(w.block) >= blockTargetBytes {
		return w.flush()
	}
	return nil
}

// flush writes the block.
func (w *CheckpointWriter) flush() error {
	if len(w.block) == 0 {
		return nil
	}
	h := blockHeader{uint32(len(w.block)), crc32.Checksum(w.block, castagnoli), w.entries}
	if err := w.write(h.encode(w.seed, w.offset)); err != nil {
		return err
	}
	if err := w.write(w.block); err != nil {
		return err
	}
	w.sums.count(h)
	w.block, w.entries = w.block[:0], 0
	if w.unsynced >= checkpointSyncBytes {
		return w.sync()
	}
	return nil
}

func (w *CheckpointWriter) write(b []byte) error {
	if _, err := w.file.WriteAt(b, w.offset); err != nil {
		w.failed = fmt.Errorf("write %s at offset %d: %w", w.temporary(), w.offset, err)
		return w.failed
	}
	w.offset += int64(len(b))
	w.unsynced += int64(len(b))
	return nil
}

func (w *CheckpointWriter) sync() error {
	w.unsynced = 0
	if err := w.file.Sync(); err != nil {
		w.failed = fmt.Errorf("sync %s: %w", w.temporary(), err)
	}
	return w.failed
}

// Commit completes the checkpoint: from then on recovery begins with it. The caller must have appended to the log
// all commits up to the checkpoint's lsn; Commit makes them durable first. On failure the checkpoint is aborted,
// but where only the directory could not be synced it may nevertheless be there after a crash, which does no harm.
func (w *CheckpointWriter) Commit() error {
	if w.failed != nil {
		return errors.Join(w.failed, w.Abort())
	}
	if err := w.complete(); err != nil {
		return errors.Join(err, w.Abort())
	}
	w.failed = ErrClosed
	defer w.log.endCheckpoint()
	err := w.file.Close()
	if err == nil {
		err = w.log.fs.Rename(w.temporary(), w.name)
	}
	if err != nil {
		return errors.Join(err, w.log.fs.Remove(w.temporary()))
	}
	if err := w.log.fs.Sync(); err != nil {
		return fmt.Errorf("%w of %s: %w", errDirectorySync, w.name, err)
	}
	w.log.addCheckpoint(w.lsn)
	return nil
}

func (w *CheckpointWriter) complete() error {
	synced, err := w.log.Sync()
	if err != nil {
		return err
	}
	if err := w.flush(); err != nil {
		return err
	}
	w.sums.logLSN = synced
	if err := w.write(w.sums.encode(w.seed, w.offset)); err != nil {
		return err
	}
	return w.sync()
}

func (l *Log) addCheckpoint(lsn uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.mu.checkpoints); n == 0 || l.mu.checkpoints[n-1] != lsn {
		l.mu.checkpoints = append(l.mu.checkpoints, lsn)
	}
	l.mu.last = max(l.mu.last, lsn)
}

// Abort gives the checkpoint up and removes what was written of it. After Commit it does nothing.
func (w *CheckpointWriter) Abort() error {
	if errors.Is(w.failed, ErrClosed) {
		return nil
	}
	w.failed = ErrClosed
	defer w.log.endCheckpoint()
	return errors.Join(w.file.Close(), w.log.fs.Remove(w.temporary()))
}
