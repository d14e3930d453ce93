package redolog

import (
	"errors"
	"fmt"
)

// preparedName is what a segment is called that is ready but not needed yet.
const preparedName = "redo-next" + temporarySuffix

// prepareSyncBytes is how much of a segment being prepared may be unsynced, for the sake of the log's own fsyncs.
const prepareSyncBytes = 4 << 20

// Prepare makes the next segment ready before Append needs it: the file is there, and full of zeros that are on
// disk, so that an fsync does not have to convert unwritten extents. That costs a write of the whole segment; without
// it segments are only allocated, by the Append that begins one. It takes long and is meant for a goroutine of its own,
// which may call it as often as it likes: it does nothing while one is ready.
func (l *Log) Prepare() error {
	l.preparing.Lock()
	defer l.preparing.Unlock()
	l.mu.Lock()
	ready, failed := l.mu.prepared != nil, l.mu.failed
	l.mu.Unlock()
	if ready || failed != nil {
		return failed
	}
	file, err := l.fs.Create(preparedName)
	if err != nil {
		return fmt.Errorf("prepare a segment: %w", err)
	}
	if err := fillAndSync(file, l.options.SegmentBytes); err != nil {
		return errors.Join(fmt.Errorf("prepare a segment: %w", err), file.Close(), l.fs.Remove(preparedName))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.prepared = file // Close, which discards it, waits for preparing
	return nil
}

func fillAndSync(file File, sizeBytes int64) error {
	if err := file.Allocate(sizeBytes); err != nil {
		return err
	}
	for at := int64(0); at < sizeBytes; at += prepareSyncBytes {
		if err := writeZeros(file, at, min(at+prepareSyncBytes, sizeBytes)); err != nil {
			return err
		}
		if err := file.Sync(); err != nil {
			return err
		}
	}
	return nil
}

// beginSegment makes the segment of a header, from the prepared one if that is large enough. Called with syncing
// held, so that only Prepare may run besides; it leaves a prepared file alone until that has its name.
func (l *Log) beginSegment(h fileHeader, sizeBytes int64) (current, error) {
	l.mu.Lock()
	file := l.mu.prepared
	l.mu.Unlock()
	if file == nil || sizeBytes > l.options.SegmentBytes {
		return createSegment(l.fs, h, sizeBytes, File.Allocate)
	}
	name := segmentName(h.number)
	_, err := file.WriteAt(h.encode(), 0)
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = l.fs.Rename(preparedName, name)
	}
	if err != nil {
		err = errors.Join(err, file.Close(), l.fs.Remove(preparedName))
	}
	l.mu.Lock()
	l.mu.prepared = nil
	l.mu.Unlock()
	if err != nil {
		return current{}, err
	}
	if err := l.fs.Sync(); err != nil {
		return current{}, errors.Join(fmt.Errorf("%w: %w", errDirectorySync, err), file.Close())
	}
	return newCurrent(file, h, sizeBytes), nil
}

// discardPrepared gives up a segment that was not needed, on closing.
func (l *Log) discardPrepared() error {
	l.preparing.Lock()
	defer l.preparing.Unlock()
	l.mu.Lock()
	file := l.mu.prepared
	l.mu.prepared = nil
	l.mu.Unlock()
	if file == nil {
		return nil
	}
	return errors.Join(file.Close(), l.fs.Remove(preparedName))
}
