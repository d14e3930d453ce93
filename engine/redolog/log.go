package redolog

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"time"
)

// Log takes records. Append, Sync, Truncate and CreateCheckpoint may be called from several goroutines; Append and
// Sync do not wait for each other, except where Append begins another segment.
type Log struct {
	fs      FS
	options Options
	id      StoreID
	lock    io.Closer

	appending sync.Mutex // held by Append, Close: one frame after the other
	syncing   sync.Mutex // held across an fsync; taken after appending, before mu
	current   current    // written with appending held; its file is replaced only with syncing held too

	truncating sync.Mutex // held by Truncate
	preparing  sync.Mutex // held by Prepare

	mu struct { // held briefly, never across a call of the file layer
		sync.Mutex
		last        uint64    // lsn of the last record appended, or of the checkpoint loaded if that is later
		chain       uint64    // lsn of the last record in the log, which the next frame names as precedent
		synced      uint64    // what is known to be durable of chain
		segments    []segment // oldest first, the current one at the end
		checkpoints []uint64  // lsns of the valid ones, oldest first
		damaged     []string  // names of those that are not
		writing     bool      // a CheckpointWriter is at work
		prepared    File      // the next segment, nil if it is not ready
		failed      error     // ErrSyncFailed or ErrClosed, for good
	}
}

// segment is a file of the log.
type segment struct {
	name    string
	number  uint64
	follows uint64 // last lsn in the segment before
}

// current is the segment that is appended to.
type current struct {
	file   File
	name   string
	number uint64
	seed   uint32
	size   int64
	offset int64 // of the next frame
	dirty  int64 // end of what failed writes may have left behind offset
}

// Append writes count records, which are in the format and have the lsns first to last, as one frame: after a
// crash all of them are there or none. The caller may reuse records. They are durable only once Sync says so.
//
// A write that fails leaves the log as it was, and the same records, or others, can be appended in their place
// later. ErrRecords refuses what is not in the format or not after all that was appended before; ErrSyncFailed
// says that the log has failed for good.
func (l *Log) Append(records []byte, first, last uint64, count int) error {
	l.appending.Lock()
	defer l.appending.Unlock()
	frame, err := l.frame(records, first, last, count)
	if err != nil {
		return err
	}
	if l.current.offset+frame.bytes() > l.current.size {
		if err := l.rotate(frame.bytes()); err != nil {
			return fmt.Errorf("begin segment %d: %w", l.current.number+1, err)
		}
	}
	return l.write(frame, records)
}

// frame makes the header for records, or says what is wrong with them.
func (l *Log) frame(records []byte, first, last uint64, count int) (frame frameHeader, err error) {
	l.mu.Lock()
	before, chain, failed := l.mu.last, l.mu.chain, l.mu.failed
	l.mu.Unlock()
	switch {
	case failed != nil:
		return frame, failed
	case len(records) > MaxFrameBytes:
		return frame, fmt.Errorf("%w: %d bytes at once, limit %d", ErrRecords, len(records), MaxFrameBytes)
	case first <= before:
		return frame, fmt.Errorf("%w: lsn %d is not after %d", ErrRecords, first, before)
	}
	if what := checkRecords(records, first, last, uint64(int64(count))); what != "" {
		return frame, fmt.Errorf("%w: %s", ErrRecords, what)
	}
	return frameHeader{
		kind: frameData, payloadBytes: uint32(len(records)), payloadCRC: crc32.Checksum(records, castagnoli),
		records: uint32(count), first: first, last: last, prev: chain,
	}, nil
}

// write puts a frame at the end of the current segment. The header comes last: whatever a failed write leaves,
// there is no frame.
func (l *Log) write(frame frameHeader, records []byte) error {
	c := &l.current
	l.mu.Lock()
	frame.synced = l.mu.synced
	l.mu.Unlock()
	frame.wallNS = time.Now().UnixNano()
	c.dirty = max(c.dirty, c.offset+frame.bytes())
	if len(records) > 0 {
		if _, err := c.file.WriteAt(records, c.offset+FrameHeaderBytes); err != nil {
			return fmt.Errorf("append to %s at offset %d: %w", c.name, c.offset, err)
		}
	}
	if _, err := c.file.WriteAt(frame.encode(c.seed, c.offset), c.offset); err != nil {
		return fmt.Errorf("append to %s at offset %d: %w", c.name, c.offset, err)
	}
	c.offset += frame.bytes()
	l.mu.Lock()
	l.mu.last = max(l.mu.last, frame.last)
	l.mu.chain = frame.last
	l.mu.Unlock()
	return nil
}

// Close makes everything durable, marks the log as cleanly closed and gives up the directory. A log that has
// failed is given up as it is, and Close says why.
func (l *Log) Close() error {
	l.appending.Lock()
	defer l.appending.Unlock()
	if _, err := l.Sync(); errors.Is(err, ErrClosed) {
		return nil
	}
	err := l.closeCleanly()
	l.syncing.Lock()
	defer l.syncing.Unlock()
	l.mu.Lock()
	l.mu.failed = ErrClosed
	l.mu.Unlock()
	return errors.Join(err, l.discardPrepared(), l.current.file.Close(), l.lock.Close())
}

func (l *Log) closeCleanly() error {
	l.mu.Lock()
	chain, failed := l.mu.chain, l.mu.failed
	l.mu.Unlock()
	if failed != nil {
		return failed
	}
	c := &l.current
	frame := frameHeader{kind: frameClose, first: chain, last: chain, prev: chain}
	if c.offset+frame.bytes() > c.size {
		if err := l.rotate(frame.bytes()); err != nil {
			return fmt.Errorf("begin segment %d: %w", c.number+1, err)
		}
	}
	end := c.offset + frame.bytes()
	if err := writeZeros(c.file, end, c.dirty); err != nil {
		return fmt.Errorf("close %s at offset %d: %w", c.name, end, err)
	}
	if err := l.write(frame, nil); err != nil {
		return err
	}
	l.syncing.Lock()
	defer l.syncing.Unlock()
	return l.syncLocked()
}
