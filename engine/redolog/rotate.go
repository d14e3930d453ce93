package redolog

import (
	"errors"
	"fmt"
	"time"
)

// rotate begins the segment after the current one, large enough for a frame of so many bytes. The current one is
// made durable first, so that a segment vouches for all before it. Called with appending held.
func (l *Log) rotate(frameBytes int64) error {
	l.syncing.Lock()
	defer l.syncing.Unlock()
	l.mu.Lock()
	chain, synced := l.mu.chain, l.mu.synced
	l.mu.Unlock()
	if chain != synced {
		if err := l.syncLocked(); err != nil {
			return err
		}
	}
	h := fileHeader{
		magic: segmentMagic, id: l.id, number: l.current.number + 1, prev: chain, follows: chain,
		createdNS: time.Now().UnixNano(),
	}
	next, err := l.beginSegment(h, max(l.options.SegmentBytes, HeaderBytes+frameBytes))
	if errors.Is(err, errDirectorySync) {
		return l.fail(segmentName(h.number), err)
	}
	if err != nil {
		return err
	}
	// Everything in it is durable: that closing it fails changes nothing.
	l.current.file.Close()
	l.current = next
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.segments = append(l.mu.segments, segment{next.name, h.number, h.follows})
	return nil
}

// errDirectorySync says that a name may or may not be durable.
var errDirectorySync = errors.New("directory")

// createSegment makes a segment that appears under its name only when it is allocated, complete and durable.
func createSegment(fs FS, h fileHeader, sizeBytes int64, allocate func(File, int64) error) (c current, err error) {
	file, err := createWhole(fs, segmentName(h.number), func(file File) error {
		if err := allocate(file, sizeBytes); err != nil {
			return err
		}
		if _, err := file.WriteAt(h.encode(), 0); err != nil {
			return err
		}
		return file.Sync()
	})
	return newCurrent(file, h, sizeBytes), err
}

func newCurrent(file File, h fileHeader, sizeBytes int64) current {
	return current{
		file: file, name: segmentName(h.number), number: h.number, seed: h.seed(),
		size: sizeBytes, offset: HeaderBytes, dirty: HeaderBytes,
	}
}

// createWhole makes a file under a temporary name, lets write fill and sync it and gives it its name, durably. On
// failure nothing of it stays, except after errDirectorySync.
func createWhole(fs FS, name string, write func(File) error) (File, error) {
	temporary := name + temporarySuffix
	file, err := fs.Create(temporary)
	if err != nil {
		return nil, err
	}
	if err = write(file); err == nil {
		err = fs.Rename(temporary, name)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close(), fs.Remove(temporary))
	}
	if err := fs.Sync(); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", errDirectorySync, err), file.Close())
	}
	return file, nil
}
