package system

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"bpfdb/runners/affinity"
)

var (
	// ErrDied means that the server ended by itself.
	ErrDied = errors.New("server died")
	// ErrNotReady means that the server did not accept in time.
	ErrNotReady = errors.New("server did not get ready")
	// ErrStop means that the server did not end as it should.
	ErrStop = errors.New("server did not stop cleanly")
)

// Server is a running system. Stop must be called, whatever happens in between.
type Server struct {
	Addr string // host:port it serves

	installation Installation
	arguments    []string
	place        Place
	process      *exec.Cmd // nil of a remote system
	dir          string
	stdout       *output
	stderr       *output
	exited       chan struct{} // closed when the process is gone and exit is set
	exit         error
}

// Place is where it runs.
func (s *Server) Place() Place { return s.place }

// Start runs the system on a free loopback port; see StartAt.
func (in Installation) Start(ctx context.Context) (*Server, error) {
	return in.StartAt(ctx, Place{})
}

// StartAt runs the system on a free port of the place and returns when it accepts. On an
// error nothing is left running; the error ends with what the server said last. A remote
// system is not started, only made sure to be empty.
func (in Installation) StartAt(ctx context.Context, place Place) (*Server, error) {
	if in.Remote != "" {
		return in.join(ctx)
	}
	addr, err := place.freeAddr()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.Name, err)
	}
	dir, err := os.MkdirTemp("", "bench-"+in.Name+"-")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.Name, err)
	}
	host, port, _ := net.SplitHostPort(addr)
	arguments, err := expand(in.Arguments, map[string]string{
		"addr": addr, "host": host, "port": port, "dir": dir, "cpus": strconv.Itoa(runtime.NumCPU()),
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.Name, errors.Join(err, os.RemoveAll(dir)))
	}
	s := &Server{Addr: addr, installation: in, arguments: arguments, place: place, dir: dir}
	if err := s.launch(); err != nil {
		return nil, fmt.Errorf("%s: start: %w", in.Name, errors.Join(err, os.RemoveAll(dir)))
	}
	if err := s.awaitReady(ctx); err != nil {
		s.Stop() //nolint:errcheck // the reason it is not ready is the one to report
		return nil, fmt.Errorf("%s: %w%s", in.Name, err, s.lastWords())
	}
	return s, nil
}

// launch starts the process from a thread that lives as long as it: the kernel sends the
// parent-death signal when the starting thread ends, not the program. The process gets a
// group of its own, so that Ctrl-C reaches the harness alone, which then stops it.
func (s *Server) launch() error {
	s.process = exec.Command(s.installation.Path, s.arguments...)
	s.stdout, s.stderr, s.exited, s.exit = newOutput(), newOutput(), make(chan struct{}), nil
	s.process.Dir = s.dir
	s.process.Stdout, s.process.Stderr = s.stdout, s.stderr
	s.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	// A grandchild that keeps the pipes open must not keep Wait from returning.
	s.process.WaitDelay = time.Second
	started := make(chan error)
	go affinity.OnThread(func() error { // ends with the process
		err := s.place.enter()
		if err == nil {
			err = s.process.Start()
		}
		started <- err
		if err != nil {
			return err
		}
		s.exit = s.process.Wait()
		close(s.exited)
		return nil
	})
	return <-started
}

// PID is the process id of the server; 0 of a remote one.
func (s *Server) PID() int {
	if s.process == nil {
		return 0
	}
	return s.process.Process.Pid
}

// Died is closed when the server is gone, asked to or not.
func (s *Server) Died() <-chan struct{} { return s.exited }

// DeathError explains an end nobody asked for: exit status and last words of stderr. It
// is nil while the server runs.
func (s *Server) DeathError() error {
	select {
	case <-s.exited:
		return fmt.Errorf("%s: %w: %s%s", s.installation.Name, ErrDied, s.process.ProcessState, s.lastWords())
	default:
		return nil
	}
}

func (s *Server) lastWords() string {
	if tail := s.stderr.Tail(); tail != "" {
		return "; its stderr ends:\n" + tail
	}
	if tail := s.stdout.Tail(); tail != "" {
		return "; its stdout ends:\n" + tail
	}
	return "; it wrote nothing"
}
