package perf

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"bpfdb/runners/affinity"
	"bpfdb/runners/flame"
)

// stopTimeout bounds the wait for perf to write what it has when asked to end.
const stopTimeout = 20 * time.Second

// Recording is a perf that samples, or has. Close must be called, whatever happens in between.
type Recording struct {
	tool    Tool
	dir     string
	process *exec.Cmd
	stderr  *strings.Builder
	exited  chan struct{} // closed when the process is gone and exit is set
	exit    error
	limit   *time.Timer
}

// Record begins to sample every processor, with call chains by frame pointers, at so many samples
// per second and processor. It ends by Stop, or by itself after the limit. The recording lies in a
// directory of its own below os.TempDir.
func (t Tool) Record(frequencyHz int, limit time.Duration) (*Recording, error) {
	dir, err := os.MkdirTemp("", "bench-perf-")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	r := &Recording{tool: t, dir: dir, stderr: &strings.Builder{}, exited: make(chan struct{})}
	// Without the two last options perf would read every program that ran, and copy some to ~/.debug.
	r.process = exec.Command(t.Path, "record", "--all-cpus", "-g", "--freq", strconv.Itoa(frequencyHz),
		"--output", r.file(), "--no-buildid", "--no-buildid-cache")
	r.process.Stderr = r.stderr
	// As with servers: Ctrl-C is for us alone, and if we die perf is told to end, too.
	r.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	r.process.WaitDelay = time.Second
	started := make(chan error)
	go affinity.OnThread(func() error { // ends with the process; its death signal is tied to the thread
		err := r.process.Start()
		started <- err
		if err == nil {
			r.exit = r.process.Wait()
			close(r.exited)
		}
		return err
	})
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecord, errors.Join(err, os.RemoveAll(dir)))
	}
	r.limit = time.AfterFunc(limit, r.interrupt)
	return r, nil
}

func (r *Recording) file() string { return filepath.Join(r.dir, "perf.data") }

// interrupt has perf end in order. One that is gone already is none the worse.
func (r *Recording) interrupt() { _ = r.process.Process.Signal(syscall.SIGINT) }

// Stop ends the sampling and waits until it is written. It may be called again. An error wraps
// ErrRecord and holds what perf said.
func (r *Recording) Stop() error {
	r.limit.Stop()
	r.interrupt()
	select {
	case <-r.exited:
	case <-time.After(stopTimeout):
		r.process.Process.Kill() //nolint:errcheck // gone by itself at last
		<-r.exited
	}
	// perf ends by the signal it was sent; whether it has worked shows in its file.
	if info, err := os.Stat(r.file()); err != nil || info.Size() == 0 {
		return fmt.Errorf("%w: %w: %s", ErrRecord, errors.Join(r.exit, err), strings.TrimSpace(r.stderr.String()))
	}
	return nil
}

// Stacks reads the recording once it has stopped. An error wraps ErrScript.
func (r *Recording) Stacks(ctx context.Context) (flame.Stacks, error) {
	// Inlined calls would have addr2line look at every address, which takes minutes.
	script := exec.CommandContext(ctx, r.tool.Path, "script", "--input", r.file(), "--no-inline",
		"--fields", "comm,ip,sym,dso")
	var said strings.Builder
	script.Stderr = &said
	script.WaitDelay = time.Second
	out, err := script.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrScript, err)
	}
	if err := script.Start(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrScript, err)
	}
	stacks, err := flame.Fold(out)
	if err != nil {
		script.Process.Kill() //nolint:errcheck // it is waited for in any case
	}
	if err = errors.Join(err, script.Wait()); err != nil {
		return nil, fmt.Errorf("%w: %w: %s", ErrScript, err, strings.TrimSpace(said.String()))
	}
	return stacks, nil
}

// Close stops the sampling if it still goes on and removes the recording.
func (r *Recording) Close() error {
	_ = r.Stop() // what it has to say matters to those who want the recording
	return os.RemoveAll(r.dir)
}
