package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"bpfdb/engine/redolog"
)

// Recovered says what Open found in Options.Dir.
type Recovered struct {
	Adopted    bool          // the data were in the kernel, pinned: nothing was loaded
	Checkpoint uint64        // LSN of the checkpoint it began with, 0 = none
	Keys       int64         // in the store afterwards
	Commits    uint64        // replayed from the log behind the checkpoint
	LSN        uint64        // of the last commit
	Notes      []string      // what was not as after a clean stop: a torn tail that was cut, ...
	Duration   time.Duration // of it all
}

// Recovered says what Open found; zero without a directory.
func (db *DB) Recovered() Recovered { return db.recovered }

// note takes down what was not as after a clean stop.
func (r *Recovered) note(recovery *redolog.Recovery) {
	for _, damaged := range recovery.Damaged {
		r.Notes = append(r.Notes, fmt.Sprintf("a newer checkpoint is damaged and was left out: %v", damaged))
	}
	if recovery.Cut != nil {
		r.Notes = append(r.Notes, fmt.Sprintf("the incomplete end of the log was cut off: %v", *recovery.Cut))
	}
}

// openLog recovers what the directory has, and from then on logs commits there.
func (db *DB) openLog() error {
	if db.options.Dir == "" {
		return nil
	}
	start := time.Now()
	files, recovery, err := redolog.Open(db.options.logOptions())
	if err != nil {
		return fmt.Errorf("open the redo log: %w", err)
	}
	db.files = files
	r := &db.recovered
	if !r.Adopted {
		if err := db.recover(recovery); err != nil {
			return fmt.Errorf("recover %s: %w", db.options.Dir, err)
		}
	}
	r.LSN, r.Duration = files.LastLSN(), r.Duration+time.Since(start)
	r.note(recovery)
	if !db.options.logged() {
		c := db.control.at(0)
		c.Clock = max(c.Clock, r.LSN) // nobody else is there yet
		return nil
	}
	p := &logPump{control: db.control.at(0), files: files, warn: db.warn, long: db.checkpointWhenLong}
	if db.options.Durability == DurabilityAsync {
		p.window = db.options.AsyncWindow
	}
	if p.ring, err = db.openRing(); err != nil {
		return errors.Join(append(p.ring.close(), err)...)
	}
	db.pump = p
	if r.Adopted {
		return db.resume(recovery)
	}
	p.control.LogStore = storeWords(recovery.StoreID)
	p.start(r.LSN)
	return nil
}

// resume goes on with the log of an adopted store.
func (db *DB) resume(recovery *redolog.Recovery) error {
	p := db.pump
	if p.control.LogStore != storeWords(recovery.StoreID) {
		return fmt.Errorf("%w: %s holds another log than the one that belongs to the pinned store",
			ErrPinned, db.options.Dir)
	}
	if !p.resume(db.recovered.LSN) {
		return nil
	}
	db.recovered.Notes = append(db.recovered.Notes,
		"the log has lost commits that are in the pinned store: a checkpoint is being written")
	_, err := db.Checkpoint()
	if err == nil {
		atomic.StoreUint64(&p.control.LogLacks, 0)
	}
	return err
}

// storeWords is a log's id as the control structure keeps it.
func storeWords(id redolog.StoreID) [2]uint64 {
	return [2]uint64{binary.LittleEndian.Uint64(id[:]), binary.LittleEndian.Uint64(id[8:])}
}

// recover loads the newest checkpoint, on all CPUs, and replays the log behind it.
func (db *DB) recover(recovery *redolog.Recovery) error {
	if recovery.Checkpoint != nil {
		db.recovered.Checkpoint = recovery.Checkpoint.LSN
	}
	loaders := make([]loader, min(runtime.NumCPU(), db.options.UserAreas-1))
	for i := range loaders {
		area, err := db.ClaimArea()
		if err != nil {
			return err
		}
		defer area.Release()
		loaders[i] = loader{db: db, area: area}
	}
	err := recovery.Load(len(loaders), func(worker int, entries redolog.Entries) error {
		return loaders[worker].apply(entries)
	})
	for i := range loaders {
		err = errors.Join(err, loaders[i].flush())
	}
	if err != nil {
		return err
	}
	l := &loaders[0]
	return errors.Join(recovery.Replay(func(record redolog.Record) error {
		db.recovered.Commits++
		return l.apply(record.Entries)
	}), l.flush())
}

// loader executes the entries of a log or checkpoint, many in one program run.
type loader struct {
	db   *DB
	area *Area
	n    int // operations staged
	at   int // where the next one's key goes in in[]
}

func (l *loader) apply(entries redolog.Entries) error {
	for e := range entries.All() {
		if err := l.add(e); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) add(e redolog.Entry) error {
	if e.Op == redolog.OpFlush {
		return errors.Join(l.flush(), l.db.FlushAll())
	}
	if l.n == maxBatch || l.at+len(e.Key)+len(e.Value) > MaxRequest {
		if err := l.flush(); err != nil {
			return err
		}
	}
	if l.n == 0 {
		l.at = maxBatch * operationBytes
	}
	op := &l.area.operations(maxBatch)[l.n]
	*op = engineOperation{Code: engineOperationCodeOPERATOR_SET, KeyOff: uint32(l.at), KeyLen: uint32(len(e.Key))}
	if e.Op == redolog.OpDelete {
		op.Code = engineOperationCodeOPERATOR_DELETE
	}
	l.at += copy(l.area.scratch.In[l.at:], e.Key)
	op.ValueOff, op.ValueLen = uint32(l.at), uint32(len(e.Value))
	l.at += copy(l.area.scratch.In[l.at:], e.Value)
	l.n++
	return nil
}

// flush executes what is staged.
func (l *loader) flush() error {
	n := l.n
	l.n = 0
	_, err := l.area.execute(txnRef{}, n, func(int, *engineOperation) {})
	return err
}
