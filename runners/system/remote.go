package system

import (
	"context"
	"errors"
	"fmt"
)

// ErrNotEmpty means that a remote server holds keys and its definition does not allow us to
// delete them.
var ErrNotEmpty = errors.New("the remote server is not empty")

// join makes a Server of one that somebody else has started: reachable, and empty. Restarts
// are beyond us, so the trials of a remote system share a process, unlike all others.
func (in Installation) join(ctx context.Context) (*Server, error) {
	s := &Server{Addr: in.Remote, installation: in, exited: make(chan struct{})}
	ctx, cancel := context.WithTimeout(ctx, in.ReadyTimeout)
	defer cancel()
	if err := s.Ping(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w: %s: PING: %w", in.Name, ErrNotReady, in.Remote, err)
	}
	if in.Definition.Flush {
		if err := s.Flush(ctx); err != nil {
			return nil, err
		}
	}
	count, err := s.KeyCount(ctx)
	if err != nil {
		return nil, err
	}
	if count > 0 {
		return nil, fmt.Errorf("%s: %w: %s holds %d keys; `flush: true` in its definition lets us delete them",
			in.Name, ErrNotEmpty, in.Remote, count)
	}
	return s, nil
}

// Flush deletes every key, which the definition of a remote server must allow.
func (s *Server) Flush(ctx context.Context) error {
	if s.installation.Remote != "" && !s.installation.Flush {
		return fmt.Errorf("%s: %w", s.installation.Name, ErrNotEmpty)
	}
	reply, err := s.ask(ctx, "FLUSHALL")
	if err == nil && reply != "OK" {
		err = fmt.Errorf("%w %q", errReply, reply)
	}
	if err != nil {
		return fmt.Errorf("%s: FLUSHALL: %w", s.installation.Name, err)
	}
	return nil
}

// leave empties a remote server again, where that is allowed.
func (s *Server) leave() error {
	if !s.installation.Flush {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.installation.StopTimeout)
	defer cancel()
	return s.Flush(ctx)
}
