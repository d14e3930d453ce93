package system

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// killTimeout bounds the wait for a process that was sent SIGKILL.
const killTimeout = 5 * time.Second

// Stop ends the server with SIGTERM, after the definition's timeout with SIGKILL, waits
// until it is gone and nobody accepts on its port, and removes its directory. It returns
// ErrStop if SIGKILL was needed, if the exit status is neither 0 nor SIGTERM, or if
// something still accepts; ErrDied if the server was gone before it was asked.
func (s *Server) Stop() error {
	if s.process == nil {
		return s.leave()
	}
	if err := s.DeathError(); err != nil {
		return errors.Join(err, os.RemoveAll(s.dir))
	}
	err := s.terminate()
	if err == nil {
		err = s.checkGone()
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

func (s *Server) terminate() error {
	name := s.installation.Name
	// A process that is gone by now is found so below.
	_ = s.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
		return s.checkExit()
	case <-time.After(s.installation.StopTimeout):
	}
	if err := s.kill(); err != nil {
		return err
	}
	return fmt.Errorf("%s: %w: killed %v after SIGTERM", name, ErrStop, s.installation.StopTimeout)
}

func (s *Server) checkExit() error {
	var exit *exec.ExitError
	if s.exit == nil || errors.Is(s.exit, exec.ErrWaitDelay) {
		return nil
	}
	if errors.As(s.exit, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGTERM {
		return nil
	}
	return fmt.Errorf("%s: %w: %w%s", s.installation.Name, ErrStop, s.exit, s.lastWords())
}

// checkGone finds a child of the server that still accepts on its port.
func (s *Server) checkGone() error {
	conn, err := net.DialTimeout("tcp", s.Addr, time.Second)
	if err != nil {
		return nil
	}
	conn.Close()
	return fmt.Errorf("%s: %w: something still accepts on %s", s.installation.Name, ErrStop, s.Addr)
}
