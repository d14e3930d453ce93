package redolog

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"
)

// Open locks a directory, checks what is there and makes it ready to go on. An incomplete end of the log is cut,
// which Recovery reports; see the package for what is refused.
func Open(options Options) (*Log, *Recovery, error) {
	options, err := options.open()
	if err != nil {
		return nil, nil, err
	}
	lock, err := options.FS.Lock(lockName, true)
	if err != nil {
		return nil, nil, err
	}
	l := &Log{fs: options.FS, options: options, lock: lock}
	r, err := l.recover()
	if err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	return l, r, nil
}

func (l *Log) recover() (*Recovery, error) {
	found, err := takeInventory(l.fs)
	if err != nil {
		return nil, err
	}
	for _, name := range found.temporary {
		if err := l.fs.Remove(name); err != nil {
			return nil, err
		}
	}
	r := &Recovery{fs: l.fs}
	r.checkpoint, r.Damaged, err = found.newestCheckpoint(l.fs, defaultWorkers())
	if err != nil {
		return nil, err
	}
	r.StoreID, l.id = found.id, found.id
	if len(found.segments) == 0 {
		err = l.begin(r, found)
	} else {
		err = l.resume(r, found)
	}
	if err != nil && r.checkpoint != nil {
		r.checkpoint.file.Close()
	}
	return r, err
}

// begin makes the first segment of a new store.
func (l *Log) begin(r *Recovery, found inventory) error {
	if n := len(found.checkpoints); n > 0 {
		what := "there is a checkpoint but no log: the segments redo-*.log are missing"
		return l.corrupt(Problem{checkpointName(found.checkpoints[n-1]), 0, what}, behind{})
	}
	for l.id == (StoreID{}) { // zero would mean that there is none
		io.ReadFull(rand.Reader, l.id[:]) // never fails
	}
	r.New, r.StoreID = true, l.id
	h := fileHeader{magic: segmentMagic, id: l.id, number: 1, createdNS: time.Now().UnixNano()}
	var err error
	l.current, err = createSegment(l.fs, h, l.options.SegmentBytes)
	l.mu.segments = []segment{{l.current.name, h.number, 0}}
	return err
}

// resume goes on where the log ends.
func (l *Log) resume(r *Recovery, found inventory) error {
	base := uint64(0)
	if c := r.checkpoint; c != nil {
		base = c.lsn
		r.Checkpoint = &CheckpointInfo{c.lsn, c.sums.keys, c.sums.bytes}
	}
	run, before := found.run()
	from, problem := reach(run, base)
	if problem != nil {
		for _, damaged := range r.Damaged {
			problem.What += fmt.Sprintf("; a newer checkpoint is damaged: %v", damaged)
		}
		return l.corrupt(*problem, behind{})
	}
	last := run[len(run)-1]
	file, err := l.fs.Open(last.name, true)
	if err != nil {
		return err
	}
	// What a killed process has left in the kernel's cache must be durable before anything is built on it, and what
	// a failed fsync has left there must not be taken for what is on disk.
	if err := cmp.Or(file.Sync(), file.DropCache()); err != nil {
		return errors.Join(fmt.Errorf("%w: %s: %w", ErrSyncFailed, last.name, err), file.Close())
	}
	end, err := l.scan(r, run[from:], file)
	if err == nil {
		err = l.cut(r, end, file, last)
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	for _, s := range before {
		if err := l.fs.Remove(s.name); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	l.goOn(r, found, run, end, file)
	return nil
}

// scan checks the segments of r, of which file is the last, and returns what that one holds.
func (l *Log) scan(r *Recovery, run []segmentFile, file File) (e extent, err error) {
	for n, s := range run {
		isLast := n == len(run)-1
		if e, err = scanSegment(l.fs, s, isLast, file); err != nil {
			return e, err
		}
		if !isLast && e.last != run[n+1].header.prev {
			what := fmt.Sprintf("%s, but the next segment says that lsn %d precedes it, and this one ends at %d",
				cmp.Or(e.what, "there is no frame"), run[n+1].header.prev, e.last)
			return e, l.corrupt(Problem{s.name, e.end, what}, e.behind)
		}
		r.segments = append(r.segments, s)
		r.ends = append(r.ends, e.end)
	}
	if what := e.durable(r.checkpoint); what != "" {
		return e, l.corrupt(Problem{run[len(run)-1].name, e.end, what}, e.behind)
	}
	return e, nil
}

// scanSegment walks through a segment, and looks behind its end if it is the last or has one before its end.
func scanSegment(fs FS, s segmentFile, isLast bool, last File) (extent, error) {
	file := last
	if !isLast {
		var err error
		if file, err = fs.Open(s.name, false); err != nil {
			return extent{}, err
		}
		defer file.Close()
	}
	w, err := newWindow(file, s.name)
	if err != nil {
		return extent{}, err
	}
	e, err := walk(w, s.header, nil)
	if err == nil {
		err = e.lookBehind(w, s.header.seed())
	}
	return e, err
}

// durable says why what is missing at the end of the last segment had been durable, "" if nothing proves that.
func (e *extent) durable(newest *checkpointFile) (what string) {
	found := cmp.Or(e.what, "there is no frame")
	switch {
	case e.impossible:
		return found + ", though its checksum is right"
	case e.behind.synced > e.last:
		return fmt.Sprintf("%s, but a later frame says that the log was durable up to lsn %d, and it ends at %d",
			found, e.behind.synced, e.last)
	case newest != nil && newest.sums.logLSN > e.last:
		return fmt.Sprintf("%s, but %s says that the log was durable up to lsn %d, and it ends at %d",
			found, newest.name, newest.sums.logLSN, e.last)
	}
	return ""
}

// cut takes away what is behind the end: left there, it might one day be taken for what follows a later end.
func (l *Log) cut(r *Recovery, e extent, file File, last segmentFile) error {
	if e.behind.bytes == 0 {
		return nil
	}
	what := cmp.Or(e.what, "there is no frame, but something behind it")
	r.Cut = &Cut{last.name, e.end, what, e.behind.bytes, e.behind.frames, e.behind.records}
	if err := writeZeros(file, e.end, e.end+e.behind.bytes); err != nil {
		return fmt.Errorf("cut %s at offset %d: %w", last.name, e.end, err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrSyncFailed, last.name, err)
	}
	return nil
}

// goOn sets the log up to append at the end of its last segment.
func (l *Log) goOn(r *Recovery, found inventory, run []segmentFile, e extent, file File) {
	last := run[len(run)-1]
	l.current = current{
		file: file, name: last.name, number: last.header.number, seed: last.header.seed(),
		size: e.sizeBytes, offset: e.end, dirty: e.end,
	}
	for _, s := range run {
		l.mu.segments = append(l.mu.segments, segment{s.name, s.header.number, s.header.prev})
	}
	for _, lsn := range found.checkpoints {
		if r.Checkpoint != nil && lsn <= r.Checkpoint.LSN {
			l.mu.checkpoints = append(l.mu.checkpoints, lsn)
		}
	}
	for _, problem := range r.Damaged {
		l.mu.damaged = append(l.mu.damaged, problem.File)
	}
	l.mu.chain, l.mu.synced, l.mu.last = e.last, e.last, e.last
	if r.Checkpoint != nil {
		l.mu.last = max(l.mu.last, r.Checkpoint.LSN)
	}
	r.LastLSN, r.Clean = l.mu.last, e.closed
}

func (l *Log) corrupt(problem Problem, lost behind) error {
	return &CorruptError{problem, l.options.Dir, lost.frames, lost.records}
}
