package engine

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"bpfdb/engine/redolog"
)

const (
	// A frame of the log is no longer than this and one commit: several commits' one fdatasync.
	frameBytes = 1 << 20
	// How often the ring is looked at without being asked: often while commits come, seldom else.
	pumpBusy = time.Millisecond
	pumpIdle = 16 * time.Millisecond
	// asyncSyncBytes is how much of an asynchronous log may wait before it is synced early.
	asyncSyncBytes = 1 << 20
	// How often it is looked whether a segment of the log is to be prepared.
	prepareEvery = 100 * time.Millisecond
	// What could not be written, for lack of space say, is tried again this often.
	writeRetry = 250 * time.Millisecond
	// waitLimit is how long a commit waits to become durable, or to get room in the log.
	waitLimit = 10 * time.Second
)

// logPump carries commits from the ring in the kernel to the redo log on disk, and tells the kernel what is
// durable and how far commits may go.
type logPump struct {
	control *engineControl
	window  time.Duration // of asynchronous durability; 0: synchronous
	ring    *ring
	files   *redolog.Log

	turn     turn // held by who moves commits: any waiter may
	batch    batch
	retry    time.Time // not to write before: the last attempt failed
	lease    lease     // asynchronous: how long commits may go on
	appended uint64    // bytes written since start, and ...
	synced   uint64    // ... how many of them are on disk

	written atomic.Uint64         // bytes since the last checkpoint began
	failure atomic.Pointer[error] // the log cannot go on
	warn    func(error)
	long    func(logBytes uint64) // is told how much log there is since the last checkpoint
	syncing chan struct{}         // asynchronous: there is something to sync
	quit    chan struct{}
	done    sync.WaitGroup
}

// start has commits behind the LSN `last` go through the log.
func (p *logPump) start(last uint64) {
	c := p.control
	p.ring.at = max(last, atomic.LoadUint64(&c.Clock))
	atomic.StoreUint64(&c.Clock, p.ring.at)
	atomic.StoreUint64(&c.Durable, p.ring.at)
	atomic.StoreUint64(&c.LogTail, p.ring.at)
	atomic.StoreUint64(&c.LogLast, last)
	p.open()
	atomic.StoreUint64(&c.LogMask, p.ring.mask) // from here on commits are logged
	p.run()
}

// resume goes on with the ring of an adopted store, whose log ends with the LSN `last` and is all on disk. It
// reports whether commits have got lost that were in neither: a checkpoint has to make up for them, and
// until there is one every later adoption finds the same.
func (p *logPump) resume(last uint64) (lost bool) {
	c := p.control
	p.ring.at = atomic.LoadUint64(&c.LogTail)
	p.ring.logged = last
	if last < atomic.LoadUint64(&c.LogLast) {
		atomic.StoreUint64(&c.LogLacks, 1)
	}
	atomic.StoreUint64(&c.LogFailed, 0)
	atomic.StoreUint64(&c.Durable, p.ring.at)
	p.open()
	p.run()
	return atomic.LoadUint64(&c.LogLacks) != 0
}

// open lets commits go through the ring.
func (p *logPump) open() {
	sync := uint64(0)
	if p.window == 0 {
		sync = 1
		atomic.StoreUint64(&p.control.LogUntil, 0)
	}
	atomic.StoreUint64(&p.control.LogSync, sync)
	p.turn = make(turn, 1)
	p.quit, p.syncing = make(chan struct{}), make(chan struct{}, 1)
	if p.window > 0 {
		p.lease.begin(p.control, p.window)
	}
	p.admitLocked()
}

// run begins to move commits.
func (p *logPump) run() {
	p.done.Go(p.pump)
	if p.window > 0 {
		p.done.Go(p.syncInBackground)
	} else {
		p.done.Go(p.prepareSegments)
	}
}

// pump moves commits that nobody waits for, until stop. With synchronous durability somebody mostly does, and the pump
// stays out of the way.
func (p *logPump) pump() {
	wait, idle := pumpBusy, pumpIdle
	if p.window > 0 {
		idle = min(idle, p.window/leaseParts)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for was := uint64(0); ; {
		select {
		case <-p.quit:
			return
		case <-timer.C:
		}
		moved := p.window == 0 && p.written.Load() != was
		if !moved {
			moved, _ = p.move() // a failure is told to those it concerns
		}
		was = p.written.Load()
		p.long(p.written.Load())
		if wait = min(2*wait, idle); moved {
			wait = pumpBusy
		}
		timer.Reset(wait)
	}
}

// stop writes and syncs what has been committed, and closes the log. Nothing may be committed any more.
func (p *logPump) stop() error {
	if p.quit == nil { // it never began: this may be the log of another store
		return p.files.Close()
	}
	close(p.quit)
	p.done.Wait()
	p.retry = time.Time{}
	for moved := true; moved; {
		var err error
		if moved, err = p.move(); err != nil {
			return errors.Join(err, p.files.Close())
		}
	}
	return p.files.Close()
}

// move writes the commits that are complete, a frame at most, and in synchronous mode syncs them. It
// reports whether there were any.
func (p *logPump) move() (bool, error) {
	p.turn.take()
	defer p.turn.give()
	return p.moveLocked()
}

func (p *logPump) moveLocked() (bool, error) {
	if failure := p.failure.Load(); failure != nil {
		return false, *failure
	}
	if time.Now().Before(p.retry) {
		return false, nil
	}
	p.lease.look(p.control, p.window)
	p.ring.take(&p.batch, frameBytes)
	moved := p.batch.end != p.ring.at
	if moved {
		if err := p.writeLocked(); err != nil {
			return false, err
		}
	}
	p.admitLocked()
	return moved, nil
}

// writeLocked writes the batch and gives its room in the ring back. While the disk takes nothing,
// commits are refused.
func (p *logPump) writeLocked() error {
	b := &p.batch
	if b.count > 0 {
		err := p.files.Append(b.records, b.first, b.last, b.count)
		if err == nil && p.window == 0 {
			_, err = p.files.Sync()
		}
		if errors.Is(err, redolog.ErrSyncFailed) {
			return p.fail(err)
		}
		if err != nil {
			return p.retryLater(err)
		}
	}
	atomic.StoreUint64(&p.control.LogFailed, 0)
	p.written.Add(uint64(len(b.records)))
	p.ring.at = b.end
	if b.count > 0 {
		atomic.StoreUint64(&p.control.LogLast, b.last)
	}
	atomic.StoreUint64(&p.control.LogTail, b.end)
	if p.appended += uint64(len(b.records)); p.window == 0 {
		p.synced = p.appended
	}
	if p.synced == p.appended {
		atomic.StoreUint64(&p.control.Durable, b.end)
	}
	return nil
}

// retryLater has every commit refused until the disk takes again what it did not take now.
func (p *logPump) retryLater(err error) error {
	err = fmt.Errorf("%w, writes are refused until it can: %w", ErrLogFailed, err)
	if atomic.LoadUint64(&p.control.LogFailed) == 0 {
		p.warn(err)
	}
	p.refuse(unix.ENOSPC)
	p.retry = time.Now().Add(writeRetry)
	return err
}

// admitLocked lets commits go as far as the ring has room, and with asynchronous durability as long as what
// was committed first of what a crash would lose is not older than the window.
func (p *logPump) admitLocked() {
	c := p.control
	if atomic.LoadUint64(&c.LogFailed) != 0 {
		return // until what was refused then has been written
	}
	if p.window > 0 {
		if p.lease.settle(c, p.window) || p.appended-p.synced >= asyncSyncBytes {
			p.wantSync()
		}
	}
	atomic.StoreUint64(&c.LogLimit, p.ring.at+p.ring.mask+1-logHeadroom)
}

// wantSync has what was written synced in the background.
func (p *logPump) wantSync() {
	select {
	case p.syncing <- struct{}{}:
	default:
	}
}

// refuse has the kernel refuse every commit.
func (p *logPump) refuse(why unix.Errno) {
	atomic.StoreUint64(&p.control.LogFailed, uint64(why))
	atomic.StoreUint64(&p.control.LogLimit, 0)
}

// fail ends the log: nothing is known of what was written before an fsync that failed. Reads go on from
// memory, and do not wait for what will never be durable.
func (p *logPump) fail(err error) error {
	err = fmt.Errorf("%w: %w", ErrLogFailed, err)
	if p.failure.CompareAndSwap(nil, &err) {
		p.warn(err)
	}
	p.refuse(unix.EIO)
	atomic.StoreUint64(&p.control.LogSync, 0)
	return err
}

// syncInBackground makes durable what was written, when asked to, until stop.
func (p *logPump) syncInBackground() {
	for {
		select {
		case <-p.quit:
			return
		case <-p.syncing:
			_ = p.sync() // a failure is told to those it concerns
		}
	}
}

// prepareSegments has the log's next segment filled with zeros before it is needed, until stop: an fdatasync of
// what was filled before takes a quarter less time (measured: 106 µs for 146).
func (p *logPump) prepareSegments() {
	timer := time.NewTicker(prepareEvery)
	defer timer.Stop()
	for prepared := uint64(0); ; {
		select {
		case <-p.quit:
			return
		case <-timer.C:
		}
		if written := p.written.Load(); written != prepared {
			prepared = written
			_ = p.files.Prepare() // the commit that begins the segment meets the same failure, and tells it
		}
	}
}

// sync makes durable what has been written so far.
func (p *logPump) sync() error {
	p.turn.take()
	end, appended := p.ring.at, p.appended
	p.turn.give()
	_, err := p.files.Sync()
	p.turn.take()
	defer p.turn.give()
	if err != nil {
		return p.fail(err)
	}
	if end <= atomic.LoadUint64(&p.control.Durable) {
		return nil // another sync was faster
	}
	atomic.StoreUint64(&p.control.Durable, end)
	p.synced = appended
	p.admitLocked()
	return nil
}
