package redolog

import (
	"errors"
	"fmt"
	"runtime"
)

// Recovery is what Open has found. Load and Replay read it; both must be done before the first Truncate.
type Recovery struct {
	// StoreID tells this store from others.
	StoreID StoreID
	// New says that the directory held nothing.
	New bool
	// Clean says that the log ended with a clean close.
	Clean bool
	// Checkpoint is where recovery begins, nil if at the beginning of the log.
	Checkpoint *CheckpointInfo
	// Damaged are the checkpoints that were newer but are not valid.
	Damaged []Problem
	// LastLSN is the highest lsn recovered, 0 if there is none. The next commit must come after it.
	LastLSN uint64
	// Cut is what was cut off the end of the log, nil if nothing.
	Cut *Cut

	fs         FS
	checkpoint *checkpointFile
	segments   []scanned // those with what is after the checkpoint
}

// CheckpointInfo describes a checkpoint.
type CheckpointInfo struct {
	LSN   uint64 `json:"lsn"`
	Keys  uint64 `json:"keys"`
	Bytes uint64 `json:"bytes"` // of entries
}

// Cut is the incomplete end of a log, which no Sync had vouched for.
type Cut struct {
	File   string `json:"file"`
	Offset int64  `json:"offset_bytes"`
	What   string `json:"what"`
	// Bytes is how much was there, Frames how many beginnings of frames and Records how many they announce.
	Bytes   int64  `json:"bytes"`
	Frames  uint64 `json:"frames"`
	Records uint64 `json:"records"`
}

func (c Cut) String() string {
	return fmt.Sprintf("%s at offset %d: %s; %d bytes with the beginnings of %d frames and their %d records",
		c.File, c.Offset, c.What, c.Bytes, c.Frames, c.Records)
}

// Load gives the entries of the checkpoint to f in blocks of about 1 MiB, in any order, from up to workers
// goroutines at once, which are numbered from 0; 0 workers means one per CPU. The entries, all of them OpSet, are
// valid during the call. Load ends with the first error of f.
func (r *Recovery) Load(workers int, f func(worker int, entries Entries) error) error {
	if workers < 0 || workers > MaxLoadWorkers {
		return fmt.Errorf("%w: %d workers, must be 0 to %d", ErrOptions, workers, MaxLoadWorkers)
	}
	if r.checkpoint == nil {
		return nil
	}
	if workers == 0 {
		workers = defaultWorkers()
	}
	file, err := r.fs.Open(r.checkpoint.name, false)
	if err != nil {
		return err
	}
	r.checkpoint.file = file
	problem, err := r.checkpoint.load(workers, f)
	if problem != nil {
		err = errors.Join(fmt.Errorf("%w since it was opened: %v", ErrCorrupt, *problem), err)
	}
	return errors.Join(err, file.Close())
}

func defaultWorkers() int { return min(runtime.GOMAXPROCS(0), MaxLoadWorkers) }

// Replay gives the records after the checkpoint to f in the order of their lsns. It ends with the first error of
// f. Records are views, valid during the call.
func (r *Recovery) Replay(f func(Record) error) error {
	after := uint64(0)
	if r.Checkpoint != nil {
		after = r.Checkpoint.LSN
	}
	for _, s := range r.segments {
		if err := r.replaySegment(s, after, f); err != nil {
			return err
		}
	}
	return nil
}

func (r *Recovery) replaySegment(s scanned, after uint64, f func(Record) error) error {
	file, err := r.fs.Open(s.name, false)
	if err != nil {
		return err
	}
	defer file.Close()
	w, err := newWindow(file, s.name)
	if err != nil {
		return err
	}
	w.size = s.end // the log may have gone on
	e, err := walk(w, s.header, func(frame frameHeader, payload []byte) error {
		if frame.last <= after {
			return nil
		}
		return replayFrame(payload, after, f)
	})
	if err == nil && e.end != s.end {
		err = fmt.Errorf("%w since it was opened: %v", ErrCorrupt, Problem{s.name, e.end, e.what})
	}
	return err
}

// replayFrame gives the records of a frame that has been checked to f.
func replayFrame(payload []byte, after uint64, f func(Record) error) error {
	for len(payload) > 0 {
		record, rest, _ := cutRecord(payload)
		payload = rest
		if record.LSN <= after {
			continue
		}
		if err := f(record); err != nil {
			return err
		}
	}
	return nil
}
