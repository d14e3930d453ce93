package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"

	"bpfdb/engine"
)

// logOptions are the flags of durability.
type logOptions struct {
	durability string
	dir        string
	window     time.Duration
	checkpoint string
}

func (o *logOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.durability, "durability", string(engine.DurabilityNone),
		"none, async (a crash loses at most the last --async-window) or sync (replies wait for the disk)")
	f.StringVar(&o.dir, "dir", "",
		"`directory` of redo log and checkpoints: what is there is recovered; with none only SAVE and BGSAVE write")
	f.DurationVar(&o.window, "async-window", time.Second,
		"async: most `time` of commits a crash may lose; a slower disk holds writers up")
	f.StringVar(&o.checkpoint, "checkpoint-after", "256MiB",
		"write a checkpoint after so much log, and at least the last one's size; 0: only SAVE and BGSAVE do")
}

// apply checks the flags, as far as the engine does not, and sets its options.
func (o *logOptions) apply(options *engine.Options) error {
	options.Durability, options.Dir = engine.Durability(o.durability), o.dir
	if options.AsyncWindow = o.window; o.window <= 0 {
		return fmt.Errorf("--async-window %v: must be positive", o.window)
	}
	options.CheckpointBytes = engine.NoCheckpoints
	if o.checkpoint != "0" {
		bytes, err := parseBytes(o.checkpoint)
		if err != nil || bytes == 0 {
			return fmt.Errorf("--checkpoint-after %q: want 0 or a size such as 256MiB", o.checkpoint)
		}
		options.CheckpointBytes = bytes
	}
	return nil
}

// report tells what was recovered.
func (o *logOptions) report(db *engine.DB, stderr io.Writer) {
	r := db.Recovered()
	for _, note := range r.Notes {
		fmt.Fprintf(stderr, "bpfdb: %s: %s\n", o.dir, note)
	}
	if r.LSN > 0 {
		fmt.Fprintf(stderr, "bpfdb: recovered %d keys from %s in %v: %s, then %d commits\n",
			r.Keys, o.dir, r.Duration.Round(time.Millisecond), checkpointText(r.Checkpoint), r.Commits)
	}
}

func checkpointText(lsn uint64) string {
	if lsn == 0 {
		return "no checkpoint"
	}
	return fmt.Sprintf("checkpoint %d", lsn)
}
