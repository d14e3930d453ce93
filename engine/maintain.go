package engine

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// The maintainer looks this often; four times as rarely when it found nothing to do.
	maintainBusy = 2 * time.Millisecond
	maintainIdle = 4 * maintainBusy
	// Keys per bucket at which the index grows: of 7 slots, so that few buckets overflow.
	targetLoadTenths = 45
	splitBatch       = 1024 // buckets of one program run: some 0.3 ms
	pruneBatch       = 4096
	maxStuck         = 1000 // looks at one locked bucket, maintainBusy apart
)

// maintainer keeps memory ahead of demand, so that writers in softirq, who cannot create
// maps, hardly ever have to ask, and frees what ended transactions leave.
type maintainer struct {
	quit      chan struct{}
	done      sync.WaitGroup
	nextPrune time.Time
	nextReap  time.Time
}

func (m *maintainer) start(db *DB) {
	m.quit = make(chan struct{})
	m.done.Go(func() { // until stop
		timer := time.NewTimer(maintainBusy)
		defer timer.Stop()
		for {
			select {
			case <-m.quit:
				return
			case <-timer.C:
			}
			timer.Reset(db.maintain())
		}
	})
}

func (m *maintainer) stop() {
	if m.quit != nil {
		close(m.quit)
		m.done.Wait()
	}
}

// maintain does what is due and says when to look again. A failure to grow is not fatal
// here: the writer that needs the memory gets the error.
func (db *DB) maintain() time.Duration {
	heap, _ := db.growHeap(segmentUnits / 2)
	index, _ := db.growIndex()
	db.maintainTxns()
	if heap || index {
		return maintainBusy
	}
	return maintainIdle
}

// buckets is the number of buckets in use.
func (db *DB) buckets() uint64 {
	return uint64(uint32(atomic.LoadUint64(&db.control.at(0).IndexState)))
}

// growIndex splits buckets until the load is on target or the memory limit is reached.
func (db *DB) growIndex() (bool, error) {
	grown := false
	for db.buckets()*targetLoadTenths < uint64(max(0, db.Len()))*10 {
		done, err := db.splitSome()
		if err != nil || done == 0 {
			return grown, err
		}
		grown = true
	}
	return grown, nil
}

// splitSome splits up to splitBatch buckets; 0 when the index may not grow further or the
// next bucket is in use.
func (db *DB) splitSome() (int32, error) {
	area, err := db.ClaimArea()
	if err != nil {
		return 0, err
	}
	defer area.Release()
	db.memory.Lock() // one splitter at a time
	defer db.memory.Unlock()
	room := uint64(len(db.memory.index))<<indexSegmentShift - db.buckets()
	if room == 0 {
		if db.buckets() >= db.control.at(0).IndexMax {
			return 0, nil
		}
		if err := db.addIndexLocked(); err != nil {
			return 0, err
		}
		room = 1 << indexSegmentShift
	}
	args := engineMaintainArgs{Scratch: area.id, Count: uint32(min(room, splitBatch))}
	if err := call(db.programs.Split, &args); err != nil {
		return 0, err
	}
	if args.Result == 0 && unix.Errno(-args.Error) != unix.EBUSY {
		return 0, operatorError(args.Error)
	}
	return args.Result, nil // 0: the next bucket stays locked; the maintainer comes back
}

// FlushAll removes every key. All vanish at one instant for every reader and path; the
// call returns when their memory is free again, but for what open snapshots still read.
func (db *DB) FlushAll() error {
	lsn, err := db.Flush()
	if err != nil {
		return err
	}
	return db.waitSync(lsn)
}

// Flush is FlushAll, but leaves it to the caller to wait until the commit with this LSN is durable. After an
// error of the redo log nothing has happened.
func (db *DB) Flush() (lsn uint64, err error) {
	db.flush.Lock()
	defer db.flush.Unlock()
	if err := db.WaitLog(); err != nil {
		return 0, err
	}
	c := db.control.at(0)
	atomic.StoreUint64(&c.Pruning, 1) // before: whoever adopts the store must know
	if err := call(db.programs.Flush, &engineMaintainArgs{}); err != nil {
		return 0, err
	}
	lsn = atomic.LoadUint64(&c.FlushTs)
	return lsn, db.pruneAll()
}

// pruneAll frees what a FLUSHALL has removed.
func (db *DB) pruneAll() error {
	pruning := &db.control.at(0).Pruning
	atomic.StoreUint64(pruning, 1)
	// The index may grow meanwhile; what a split moves lands behind, where this still comes.
	for from, stuck := uint64(0), 0; from < db.buckets(); {
		done, err := db.prune(from, min(db.buckets()-from, pruneBatch))
		if err != nil && !errors.Is(err, ErrContention) {
			return err
		}
		if from += done; done > 0 {
			stuck = 0
			continue
		}
		if stuck++; stuck > maxStuck {
			return fmt.Errorf("free flushed records: bucket %d: %w", from, ErrContention)
		}
		time.Sleep(maintainBusy)
	}
	atomic.StoreUint64(pruning, 0)
	return nil
}
