package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
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
	pin        string
}

// pinDefault is the value of a --pin without one.
const pinDefault = "auto"

func (o *logOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.durability, "durability", string(engine.DurabilityNone),
		"none, async (a crash loses at most the last --async-window) or sync (replies wait for the disk)")
	f.StringVar(&o.dir, "dir", "",
		"`directory` of redo log and checkpoints: what is there is recovered; with none only SAVE and BGSAVE write")
	f.DurationVar(&o.window, "async-window", time.Second,
		"async: most `time` of commits a crash may lose; a slower disk holds writers up")
	f.StringVar(&o.checkpoint, "checkpoint-after", "256MiB",
		"write a checkpoint after so much log, and at least the last one's size; 0: only SAVE and BGSAVE do")
	f.StringVar(&o.pin, "pin", "",
		"keep the data in the kernel when the server ends, for the next one with the same flags to adopt, in this\n"+
			"`directory` of a BPF filesystem; without one, "+pinDir("ADDR"))
	f.Lookup("pin").NoOptDefVal = pinDefault
}

// pinDir is where the data of a server at an address are pinned.
func pinDir(addr string) string {
	name := strings.Map(func(r rune) rune { // a BPF filesystem takes no dots
		if r == '.' || r == ':' || r == '/' {
			return '_'
		}
		return r
	}, addr)
	return filepath.Join(engine.DefaultPinRoot, "bpfdb", name)
}

// apply checks the flags, as far as the engine does not, and sets its options.
func (o *logOptions) apply(options *engine.Options, addr string) error {
	switch options.Pin = o.pin; {
	case o.pin == pinDefault && strings.HasSuffix(addr, ":0"):
		return fmt.Errorf("--pin needs an address with a port, not %s: the next server must find the data", addr)
	case o.pin == pinDefault:
		options.Pin = pinDir(addr)
	}
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
func (o *logOptions) report(db *engine.DB, addr string, stderr io.Writer) {
	r := db.Recovered()
	if _, err := os.Stat(pinDir(addr)); err == nil && o.pin == "" {
		fmt.Fprintf(stderr, "bpfdb: there are pinned data in %s: --pin would use them, rm -r removes them\n",
			pinDir(addr))
	}
	for _, note := range r.Notes {
		fmt.Fprintf(stderr, "bpfdb: %s: %s\n", o.dir, note)
	}
	switch {
	case r.Adopted:
		fmt.Fprintf(stderr, "bpfdb: adopted %d pinned keys in %v\n", r.Keys, r.Duration.Round(time.Millisecond))
	case r.LSN > 0:
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
