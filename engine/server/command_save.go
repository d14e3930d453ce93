package server

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"bpfdb/engine"
)

// save writes a checkpoint and has the client, and all others of its loop, wait for it, as in Redis.
func save(c *conn, _ [][]byte, r *reply) error {
	switch _, err := c.loop.server.db.Checkpoint(); {
	case err == nil:
		r.status("OK")
	default:
		r.failure(checkpointFailure(err))
	}
	return nil
}

// bgsave writes one in the background.
func bgsave(c *conn, args [][]byte, r *reply) error {
	s := c.loop.server
	_, _, running := s.db.LastCheckpoint()
	switch {
	case len(args) > 2 || len(args) == 2 && option(args[1]) != "schedule":
		r.syntaxError()
	case s.db.Options().Dir == "":
		r.failure(checkpointFailure(engine.ErrNoDirectory))
	case running && len(args) == 1:
		r.failure(checkpointFailure(engine.ErrCheckpointRunning))
	case running:
		r.status("Background saving scheduled")
		s.saveAgain.Store(true)
	default:
		r.status("Background saving started")
		s.saveInBackground()
	}
	return nil
}

// saveInBackground writes a checkpoint, and one more if a client has scheduled it meanwhile.
func (s *Server) saveInBackground() {
	s.db.BackgroundCheckpoint(func(_ engine.Checkpoint, err error) {
		if err != nil {
			s.warn("%v", err)
		}
		if s.saveAgain.Swap(false) && !errors.Is(err, engine.ErrClosed) {
			s.saveInBackground()
		}
	})
}

func checkpointFailure(err error) string {
	switch {
	case errors.Is(err, engine.ErrCheckpointRunning):
		return "ERR Background save already in progress"
	case errors.Is(err, engine.ErrNoDirectory):
		return "ERR there is nowhere to save: the server was started without --dir"
	}
	return "ERR " + err.Error()
}

// lastsave answers when the last checkpoint was written, at first when the server started.
func lastsave(c *conn, _ [][]byte, r *reply) error {
	r.number(c.loop.server.lastSave().Unix())
	return nil
}

func (s *Server) lastSave() time.Time {
	if last, _, _ := s.db.LastCheckpoint(); !last.Finished.IsZero() {
		return last.Finished
	}
	return s.started
}

// infoPersistence has Redis's fields, as far as they mean something here, and the log's own.
func infoPersistence(s *Server, b *strings.Builder) {
	last, err, running := s.db.LastCheckpoint()
	log := s.db.Log()
	field(b, "loading", 0)
	field(b, "durability", s.db.Options().Durability)
	field(b, "rdb_bgsave_in_progress", number(running))
	field(b, "rdb_last_save_time", s.lastSave().Unix())
	field(b, "rdb_last_bgsave_status", okOrErr(err))
	field(b, "rdb_last_bgsave_time_sec", int64(last.Duration/time.Second))
	field(b, "rdb_last_bgsave_keys", last.Keys)
	field(b, "aof_enabled", number(log.On))
	field(b, "aof_last_write_status", okOrErr(log.Err))
	field(b, "aof_pending_bytes", log.PendingBytes)
	field(b, "log_bytes_since_checkpoint", log.Bytes)
	field(b, "log_lsn", log.LSN)
	field(b, "log_durable_lsn", log.Durable)
	field(b, "checkpoint_lsn", last.LSN)
	recovered := s.db.Recovered()
	field(b, "recovered_keys", recovered.Keys)
	field(b, "recovered_commits", recovered.Commits)
	field(b, "recovery_ms", recovered.Duration.Milliseconds())
}

func number(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func okOrErr(err error) string {
	if err != nil {
		return fmt.Sprintf("err (%v)", err)
	}
	return "ok"
}
