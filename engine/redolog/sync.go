package redolog

import "fmt"

// Sync makes everything appended before the call durable and returns the lsn up to which the log is; it may run
// while others append. When one fsync fails, the log has failed for good (ErrSyncFailed): the kernel forgets what
// it could not write, and the next fsync would succeed without it.
func (l *Log) Sync() (synced uint64, err error) {
	l.syncing.Lock()
	defer l.syncing.Unlock()
	l.mu.Lock()
	pending := l.mu.chain != l.mu.synced
	synced, err = l.mu.synced, l.mu.failed
	l.mu.Unlock()
	if err != nil || !pending {
		return synced, err
	}
	err = l.syncLocked()
	return l.SyncedLSN(), err
}

// syncLocked syncs the current segment, with syncing held.
func (l *Log) syncLocked() error {
	l.mu.Lock()
	chain := l.mu.chain
	l.mu.Unlock()
	if err := l.current.file.Sync(); err != nil {
		return l.fail(l.current.name, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.synced = chain
	return nil
}

// fail makes the log refuse everything from now on because of an fsync.
func (l *Log) fail(name string, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.failed == nil {
		l.mu.failed = fmt.Errorf("%w: %s: %w", ErrSyncFailed, name, err)
	}
	return l.mu.failed
}

// SyncedLSN returns the lsn up to which the log is known to be durable.
func (l *Log) SyncedLSN() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mu.synced
}

// LastLSN returns the highest lsn in use: records must come after it.
func (l *Log) LastLSN() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mu.last
}
