package redolog

import (
	"fmt"
	"slices"
)

// Truncate removes the segments that nobody needs who goes on from lsn or a later one, and checkpoints that are not
// needed. It always keeps the newest KeptCheckpoints and the log after the oldest of them, so that one may be
// damaged; while there are fewer, it keeps the whole log. After an error some are removed and some are not; it may
// be called again.
func (l *Log) Truncate(lsn uint64) error {
	l.truncating.Lock()
	defer l.truncating.Unlock()
	l.mu.Lock()
	failed, surplus := l.mu.failed, l.surplusLocked(lsn)
	l.mu.Unlock()
	if failed != nil {
		return failed
	}
	if len(surplus) == 0 {
		return nil
	}
	for _, name := range surplus {
		if err := l.fs.Remove(name); err != nil {
			return fmt.Errorf("truncate: %w", err)
		}
		l.forget(name)
	}
	if err := l.fs.Sync(); err != nil {
		return fmt.Errorf("truncate: %w: %w", errDirectorySync, err)
	}
	return nil
}

// surplusLocked returns the names of the files that are not needed: checkpoints first, so that there is none
// without the log that leads on from it.
func (l *Log) surplusLocked(lsn uint64) []string {
	names := slices.Clone(l.mu.damaged)
	kept := max(0, len(l.mu.checkpoints)-KeptCheckpoints)
	for _, checkpoint := range l.mu.checkpoints[:kept] {
		names = append(names, checkpointName(checkpoint))
	}
	if len(l.mu.checkpoints) < KeptCheckpoints {
		lsn = 0
	} else {
		lsn = min(lsn, l.mu.checkpoints[kept])
	}
	for n := 1; n < len(l.mu.segments) && l.mu.segments[n].follows <= lsn; n++ {
		names = append(names, l.mu.segments[n-1].name)
	}
	return names
}

// forget takes a removed file out of the lists.
func (l *Log) forget(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	is := func(other string) bool { return other == name }
	l.mu.damaged = slices.DeleteFunc(l.mu.damaged, is)
	l.mu.checkpoints = slices.DeleteFunc(l.mu.checkpoints, func(lsn uint64) bool { return is(checkpointName(lsn)) })
	l.mu.segments = slices.DeleteFunc(l.mu.segments, func(s segment) bool { return is(s.name) })
}
