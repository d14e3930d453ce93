package system

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// readyPoll is how often a starting server is asked; short against any server's start.
const readyPoll = 5 * time.Millisecond

// awaitReady returns when the server accepts and answers PING.
func (s *Server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.installation.ReadyTimeout)
	defer cancel()
	if s.installation.Ready == ReadyLine {
		if err := s.awaitLine(ctx); err != nil {
			return err
		}
	}
	for {
		err := s.Ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("%w: %s", ErrDied, s.process.ProcessState)
		case <-ctx.Done():
			return s.notReady(ctx, fmt.Sprintf("PING: %v", err))
		case <-time.After(readyPoll):
		}
	}
}

func (s *Server) awaitLine(ctx context.Context) error {
	for {
		wrote := s.stdout.Wrote()
		for line := range strings.Lines(s.stdout.Head()) {
			if strings.HasPrefix(line, "ready ") && strings.HasSuffix(line, "\n") {
				return nil
			}
		}
		select {
		case <-s.exited:
			return fmt.Errorf("%w: %s", ErrDied, s.process.ProcessState)
		case <-ctx.Done():
			return s.notReady(ctx, "no line beginning `ready ` on stdout")
		case <-wrote:
		}
	}
}

// notReady tells a server that is too slow from a run that is being stopped.
func (s *Server) notReady(ctx context.Context, what string) error {
	if context.Cause(ctx) == context.Canceled {
		return ctx.Err()
	}
	return fmt.Errorf("%w within %v: %s", ErrNotReady, s.installation.ReadyTimeout, what)
}
