package system

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrCheckpoint means that a checkpoint was refused or did not succeed.
var ErrCheckpoint = errors.New("checkpoint failed")

const (
	checkpointPoll    = 2 * time.Millisecond
	checkpointTimeout = 5 * time.Minute
)

// Checkpoint has the server write one in the background (BGSAVE) and returns when it is
// done, which INFO persistence tells: rdb_bgsave_in_progress and rdb_last_bgsave_status.
func (s *Server) Checkpoint(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkpointTimeout)
	defer cancel()
	if _, err := s.ask(ctx, "BGSAVE"); err != nil {
		return fmt.Errorf("%s: %w: BGSAVE: %w", s.installation.Name, ErrCheckpoint, err)
	}
	for {
		info, err := s.ask(ctx, "INFO", "persistence")
		if err != nil {
			return fmt.Errorf("%s: %w: INFO persistence: %w", s.installation.Name, ErrCheckpoint, err)
		}
		busy, found := field(info, "rdb_bgsave_in_progress")
		switch status, _ := field(info, "rdb_last_bgsave_status"); {
		case !found:
			return fmt.Errorf("%s: %w: INFO persistence does not say whether it is done", s.installation.Name,
				ErrCheckpoint)
		case busy == "0" && status != "ok":
			why, _ := field(info, "rdb_last_bgsave_error") // bpfdb tells it
			return fmt.Errorf("%s: %w: its status is %q %s", s.installation.Name, ErrCheckpoint, status, why)
		case busy == "0":
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w: %w", s.installation.Name, ErrCheckpoint, ctx.Err())
		case <-time.After(checkpointPoll):
		}
	}
}

// field finds a line NAME:value in what INFO answers.
func field(info, name string) (value string, found bool) {
	for line := range strings.Lines(info) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			return strings.TrimSpace(value), true
		}
	}
	return "", false
}
