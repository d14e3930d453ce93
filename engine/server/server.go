package server

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"bpfdb/engine"
)

// Server is a running server.
type Server struct {
	db         *engine.DB
	options    Options
	path       Path
	fallback   error // why PathAuto did without some path
	listener   int
	stopAccept int // eventfd
	addr       netip.AddrPort
	kernel     *kernel
	wire       *wire // nil: not on the wire path
	stopWire   chan struct{}
	events     *ringbuf.Reader
	loops      []*loop
	accepted   uint64        // only acceptLoop writes it
	held       atomic.Int64  // bytes that connections hold: requests begun, replies not taken
	stalled    atomic.Uint64 // connections given up for what they held or were owed
	started    time.Time
	log        io.Writer

	table struct {
		sync.Mutex
		conns map[uint64]*conn // by cookie
	}
	running sync.WaitGroup
	failed  chan error // the first fault that ends the server
	closed  chan struct{}
	closing sync.Once
}

// Start serves db on options.Addr until Close. Warnings go to log.
func Start(db *engine.DB, options Options, log io.Writer) (*Server, error) {
	loops := runtime.NumCPU()
	if db.Options().Durability == engine.DurabilitySync {
		loops = 1 // what several execute would be synced in as many smaller groups
	}
	options, err := options.withDefaults(loops)
	if err != nil {
		return nil, err
	}
	s := &Server{
		db: db, options: options, listener: -1, stopAccept: -1, started: time.Now(), log: log,
		failed: make(chan error, 1), closed: make(chan struct{}),
	}
	s.table.conns = map[uint64]*conn{}
	if err := s.open(); err != nil {
		s.release()
		return nil, err
	}
	s.start()
	return s, nil
}

// Addr is the address the server listens on.
func (s *Server) Addr() netip.AddrPort { return s.addr }

// Path is the path in use, or the paths joined by "+": never PathAuto.
func (s *Server) Path() Path { return s.path }

// Fallback tells why PathAuto did without some fast path, or nil.
func (s *Server) Fallback() error { return s.fallback }

// Failed yields the fault that keeps the server from going on, if there is one.
func (s *Server) Failed() <-chan error { return s.failed }

func (s *Server) open() error {
	var err error
	if s.listener, s.addr, err = listen(s.options.Addr); err != nil {
		return err
	}
	if s.stopAccept, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return fmt.Errorf("create eventfd: %w", err)
	}
	if err := s.openPath(); err != nil {
		return err
	}
	for range s.options.Loops {
		l, err := newLoop(s)
		if err != nil {
			return err
		}
		s.loops = append(s.loops, l)
	}
	return nil
}

// openFast loads the server's programs and attaches those of the fast paths.
func (s *Server) openFast(fast fastPaths) error {
	k, err := loadKernel(s.db, s.options, fast, s.listener)
	if err != nil {
		return err
	}
	if fast.inSockets() {
		if err := k.attach(s.listener, fast); err != nil {
			return errors.Join(err, k.close())
		}
		if s.events, err = ringbuf.NewReader(k.collection.Maps["bpfdb_events"]); err != nil {
			return errors.Join(fmt.Errorf("read events: %w", err), k.close())
		}
	}
	if fast.wire {
		if s.wire, err = openWire(s.db, s.options, s.listener, s.addr); err != nil {
			return errors.Join(err, k.close())
		}
		s.stopWire = make(chan struct{})
	}
	s.kernel = k
	return nil
}

func (s *Server) start() {
	for _, l := range s.loops {
		s.running.Go(func() { s.report(l.run()) })
	}
	s.running.Go(func() { s.report(s.acceptLoop()) })
	if s.db.Options().Durability == engine.DurabilitySync {
		s.running.Go(s.standIn)
	}
	if s.events != nil {
		s.running.Go(func() { s.report(s.readEvents()) })
	}
	if s.wire != nil {
		s.running.Go(func() { s.report(s.wire.watch(s.stopWire, s.giveUp)) })
	}
}

// readEvents tells the loops which of their connections the kernel gave up; Close ends it.
func (s *Server) readEvents() error {
	var record ringbuf.Record
	for {
		if err := s.events.ReadInto(&record); errors.Is(err, ringbuf.ErrClosed) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read events: %w", err)
		}
		cookie := nativeUint64(record.RawSample)
		s.table.Lock()
		if c := s.table.conns[cookie]; c != nil {
			c.loop.post(c.settle)
		}
		s.table.Unlock()
	}
}

// giveUp resets a connection whose client takes no replies.
func (s *Server) giveUp(cookie uint64) {
	s.table.Lock()
	defer s.table.Unlock()
	if c := s.table.conns[cookie]; c != nil {
		s.stalled.Add(1)
		c.loop.post(c.reset)
	}
}

func (s *Server) report(err error) {
	if err == nil {
		return
	}
	select {
	case s.failed <- err:
	default:
	}
}

func (s *Server) warn(format string, args ...any) {
	fmt.Fprintf(s.log, "bpfdb: "+format+"\n", args...)
}

// Close ends all connections and takes everything of the server out of the kernel.
func (s *Server) Close() error {
	var err error
	s.closing.Do(func() {
		one := [8]byte{1}
		_, _ = unix.Write(s.stopAccept, one[:])
		for _, l := range s.loops {
			l.stop()
		}
		close(s.closed)
		if s.events != nil {
			err = s.events.Close()
		}
		if s.wire != nil {
			close(s.stopWire)
		}
		s.running.Wait()
		err = errors.Join(err, s.release())
	})
	return err
}

func (s *Server) release() error {
	for _, fd := range []int{s.listener, s.stopAccept} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	for _, l := range s.loops {
		l.close()
	}
	// What is left was accepted after its loop had stopped.
	for _, c := range s.table.conns {
		unix.Close(c.fd)
	}
	var err error
	if s.wire != nil {
		err = s.wire.close()
	}
	if s.kernel != nil {
		err = errors.Join(err, s.kernel.drain(), s.kernel.close())
	}
	return err
}
