// Embed shows another eBPF program using the engine: a tracepoint counts program starts by
// command name, and this program prints the counts.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"bpfdb/engine"
)

//go:generate go tool bpf2go -tags linux -target amd64 -no-global-types execs execs.bpf.c

func main() {
	duration := flag.Duration("for", 10*time.Second, "how long to count")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *duration)
	defer cancel()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "embed:", err)
		os.Exit(1)
	}
}

// run counts until ctx ends, then prints.
func run(ctx context.Context, out io.Writer) error {
	db, err := engine.Open(engine.Options{MemoryBytes: 128 << 20})
	if err != nil {
		return err
	}
	defer db.Close()
	spec, err := loadExecs()
	if err != nil {
		return err
	}
	collection, err := ebpf.NewCollectionWithOptions(spec, db.CollectionOptions(spec))
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	defer collection.Close()
	hook, err := link.Tracepoint("sched", "sched_process_exec", collection.Programs["count_exec"], nil)
	if err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	defer hook.Close()
	fmt.Fprintln(out, "counting")
	<-ctx.Done()
	return print(out, db)
}

// print lists all names in the order they were first seen.
func print(out io.Writer, db *engine.DB) error {
	last, err := db.Get([]byte("names"))
	if errors.Is(err, engine.ErrNotFound) {
		return nil // none seen
	}
	for n := uint64(1); err == nil && n <= binary.LittleEndian.Uint64(last); n++ {
		var name, count []byte
		if name, err = db.Get(binary.LittleEndian.AppendUint64(nil, n)); err != nil {
			break
		}
		if count, err = db.Get(name); err == nil {
			fmt.Fprintf(out, "%-16s %d\n", bytes.TrimRight(name, "\x00"), binary.LittleEndian.Uint64(count))
		}
	}
	return err
}
