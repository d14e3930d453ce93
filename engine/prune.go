package engine

import (
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	bucketsPerRegion = 64 // BPFDB_REGION_SHIFT
	bucketsPerMark   = 64 * bucketsPerRegion
	// Pruning may take this share of one CPU: versions that a slow reader needs are looked
	// at again and again until it ends.
	pruneShare = 10
	reapEvery  = 100 * time.Millisecond
)

// maintainTxns prunes versions and aborts idle transactions, when it is time to.
func (db *DB) maintainTxns() {
	m, now := &db.maintainer, time.Now()
	if c := db.control.at(0); now.After(m.nextPrune) && atomic.SwapUint64(&c.Marked, 0) != 0 {
		db.pruneMarked()
		m.nextPrune = time.Now().Add(pruneShare * time.Since(now))
	}
	if wait := min(reapEvery, db.options.TxnTimeout/2); now.After(m.nextReap) {
		m.nextReap = now.Add(wait)
		if atomic.LoadUint32(&db.control.at(0).Interactive) > 0 {
			// Nothing to do about a failure: the next look is as good.
			_ = call(db.programs.Reap, &engineMaintainArgs{})
		}
	}
}

// pruneMarked prunes the regions that are marked; the kernel marks again those where something stays.
func (db *DB) pruneMarked() {
	for i := uint64(0); i*bucketsPerMark < db.buckets(); i++ {
		mark := db.marks.at(int(i))
		if atomic.LoadUint64(mark) == 0 {
			continue
		}
		for regions := atomic.SwapUint64(mark, 0); regions != 0; regions &= regions - 1 {
			from := i*bucketsPerMark + uint64(bits.TrailingZeros64(regions))*bucketsPerRegion
			if _, err := db.prune(from, min(bucketsPerRegion, db.buckets()-from)); err != nil {
				atomic.OrUint64(mark, regions&-regions) // a bucket stayed locked: another time
				atomic.StoreUint64(&db.control.at(0).Marked, 1)
			}
		}
	}
}

// prune frees what nobody can read any more in `count` buckets from `from` on, and says how
// many it got through. ErrContention when one stayed locked.
func (db *DB) prune(from, count uint64) (uint64, error) {
	area, err := db.ClaimArea()
	if err != nil {
		return 0, err
	}
	defer area.Release()
	args := engineMaintainArgs{Scratch: area.id, From: from, Count: uint32(count)}
	if err := call(db.programs.Prune, &args); err != nil {
		return 0, err
	}
	return uint64(args.Result), operatorError(args.Error)
}
