package redolog

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"
)

// Open locks a directory, checks what is there and makes it ready to go on. An incomplete end of the log is cut,
// which Recovery reports; see the package for what is refused.
func Open(options Options) (*Log, *Recovery, error) {
	options, err := options.check()
	if err != nil {
		return nil, nil, err
	}
	if options.FS == nil {
		if err := makeDir(options.Dir); err != nil {
			return nil, nil, err
		}
		options.FS = OS(options.Dir)
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
	// Names a killed process has left must be durable before anything is built on them.
	if err := l.fs.Sync(); err != nil {
		return nil, err
	}
	found, err := takeInventory(l.fs)
	if err != nil {
		return nil, err
	}
	if err := found.refused(); err != nil {
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
	return r, err
}

// firstSegmentBytes is the size of a new store's first segment, at most. It is filled with zeros at once, for the
// reason that Prepare has, and lasts until Prepare has made the second.
const firstSegmentBytes = 4 << 20

// begin makes the first segment of a new store.
func (l *Log) begin(r *Recovery, found inventory) error {
	if problem := found.withoutLog(); problem != nil {
		return l.corrupt(*problem, behind{})
	}
	for l.id == (StoreID{}) { // zero would mean that there is none
		io.ReadFull(rand.Reader, l.id[:]) // never fails
	}
	r.New, r.StoreID = true, l.id
	h := fileHeader{magic: segmentMagic, id: l.id, number: 1, createdNS: time.Now().UnixNano()}
	var err error
	l.current, err = createSegment(l.fs, h, min(l.options.SegmentBytes, firstSegmentBytes), fillAndSync)
	l.mu.segments = []segment{{l.current.name, h.number, 0}}
	return err
}

// withoutLog says what is wrong if there are checkpoints and no segments.
func (i inventory) withoutLog() *Problem {
	if len(i.checkpoints) == 0 || len(i.segments) > 0 {
		return nil
	}
	newest := checkpointName(i.checkpoints[len(i.checkpoints)-1])
	return &Problem{segmentName(1), 0, "there is no log beside " + newest + ": all files redo-*.log are missing"}
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
	file, err := l.fs.Open(run[len(run)-1].name, true)
	if err != nil {
		return err
	}
	err = l.scan(r, run[from:], file)
	if err == nil {
		err = l.cut(r, file)
	}
	for _, s := range before {
		if err == nil {
			err = l.fs.Remove(s.name)
		}
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	l.goOn(r, found, run, file)
	return nil
}

// scan checks the segments of a run, of which file is the last.
func (l *Log) scan(r *Recovery, run []segmentFile, file File) error {
	last := run[len(run)-1]
	// What a killed process has left in the kernel's cache must be durable before anything is built on it, and what
	// a failed fsync has left there must not be taken for what is on disk.
	err := file.Sync()
	if err == nil {
		err = file.DropCache()
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrSyncFailed, last.name, err)
	}
	for _, s := range run {
		found, err := l.scanOne(s, last, file)
		if err != nil {
			return err
		}
		r.segments = append(r.segments, found)
	}
	if d := judge(r.segments, r.checkpoint); d != nil {
		return l.corrupt(d.Problem, d.lost)
	}
	return nil
}

func (l *Log) scanOne(s, last segmentFile, lastFile File) (scanned, error) {
	if s.name == last.name {
		return scanSegment(lastFile, s)
	}
	file, err := l.fs.Open(s.name, false)
	if err != nil {
		return scanned{}, err
	}
	defer file.Close()
	return scanSegment(file, s)
}

// cut takes away what is behind the end: left there, it might one day be taken for what follows a later end.
func (l *Log) cut(r *Recovery, file File) error {
	last := r.segments[len(r.segments)-1]
	if r.Cut = last.cutOff(); r.Cut == nil {
		return nil
	}
	if err := writeZeros(file, last.end, last.end+last.behind.bytes); err != nil {
		return fmt.Errorf("cut %s at offset %d: %w", last.name, last.end, err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrSyncFailed, last.name, err)
	}
	return nil
}

// goOn sets the log up to append at the end of its last segment.
func (l *Log) goOn(r *Recovery, found inventory, run []segmentFile, file File) {
	last := r.segments[len(r.segments)-1]
	l.current = current{
		file: file, name: last.name, number: last.header.number, seed: last.header.seed(),
		size: last.sizeBytes, offset: last.end, dirty: last.end,
	}
	for _, s := range run {
		l.mu.segments = append(l.mu.segments, segment{s.name, s.header.number, s.header.follows})
	}
	for _, lsn := range found.checkpoints {
		if r.Checkpoint != nil && lsn <= r.Checkpoint.LSN {
			l.mu.checkpoints = append(l.mu.checkpoints, lsn)
		}
	}
	for _, problem := range r.Damaged {
		l.mu.damaged = append(l.mu.damaged, problem.File)
	}
	l.mu.chain, l.mu.synced, l.mu.last = last.last, last.last, last.last
	if r.Checkpoint != nil {
		l.mu.last = max(l.mu.last, r.Checkpoint.LSN)
	}
	r.LastLSN, r.Clean = l.mu.last, last.closed
}

func (l *Log) corrupt(problem Problem, lost behind) error {
	return &CorruptError{problem, l.options.Dir, lost.frames, lost.records}
}
