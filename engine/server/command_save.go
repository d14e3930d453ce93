package server

import (
	"errors"
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

// bgsave writes one in the background. SCHEDULE changes nothing: in Redis it waits for a rewrite of the log to end,
// of which there is none here, and is refused like any other while a snapshot is being written.
func bgsave(c *conn, args [][]byte, r *reply) error {
	s := c.loop.server
	_, _, running := s.db.LastCheckpoint()
	switch {
	case len(args) > 2 || len(args) == 2 && option(args[1]) != "schedule":
		r.syntaxError()
	case s.db.Options().Dir == "":
		r.failure(checkpointFailure(engine.ErrNoDirectory))
	case running:
		r.failure(checkpointFailure(engine.ErrCheckpointRunning))
	default:
		r.status("Background saving started")
		s.db.BackgroundCheckpoint(func(_ engine.Checkpoint, err error) {
			if err != nil {
				s.warn("%v", err)
			}
		})
	}
	return nil
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
	outcome(b, "rdb_last_bgsave_status", "rdb_last_bgsave_error", err)
	field(b, "rdb_last_bgsave_time_sec", int64(last.Duration/time.Second))
	field(b, "rdb_last_bgsave_keys", last.Keys)
	field(b, "aof_enabled", number(log.On))
	outcome(b, "aof_last_write_status", "aof_last_write_error", log.Err)
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

// outcome writes ok or err, as Redis does, and in a field of our own why.
func outcome(b *strings.Builder, status, why string, err error) {
	if err == nil {
		field(b, status, "ok")
		return
	}
	field(b, status, "err")
	field(b, why, strings.ReplaceAll(err.Error(), "\n", "; "))
}
