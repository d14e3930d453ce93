package server

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

const (
	drainStep = 2 * time.Millisecond
	// drainMax bounds how long a stopping server waits for clients to read.
	drainMax = time.Second
)

// drain waits until the clients of the local path have read their replies: they lie in the kernel's part of this
// server, not in TCP's. Who does not read in time finds the connection closed.
func (k *kernel) drain() error {
	prog := k.collection.Programs["bpfdb_unread"]
	if prog == nil {
		return nil
	}
	walk, err := link.AttachIter(link.IterOptions{Program: prog, Map: k.collection.Maps["bpfdb_clients"]})
	if err != nil {
		return fmt.Errorf("attach iterator over local clients: %w", err)
	}
	defer walk.Close()
	for deadline := time.Now().Add(drainMax); time.Now().Before(deadline); time.Sleep(drainStep) {
		if unread, err := countUnread(walk); err != nil || unread == 0 {
			return err
		}
	}
	return nil
}

// countUnread runs the iterator, which writes a byte per client.
func countUnread(walk *link.Iter) (int64, error) {
	clients, err := walk.Open()
	if err != nil {
		return 0, fmt.Errorf("walk local clients: %w", err)
	}
	defer clients.Close()
	unread, err := io.Copy(io.Discard, clients)
	if err != nil {
		return 0, fmt.Errorf("walk local clients: %w", err)
	}
	return unread, nil
}

// entryEnd returns a function that, once the collection is closed, waits until the kernel has emptied the program
// array of the local path. It does so in the background when the array's last descriptor is closed, and on Linux
// 6.18 takes one reference too many when somebody who looks at maps by their numbers does the same meanwhile.
func (k *kernel) entryEnd() func() error {
	none := func() error { return nil }
	prog := k.collection.Programs["bpfdb_local_send"]
	if prog == nil {
		return none
	}
	info, err := prog.Info()
	if err != nil {
		return func() error { return fmt.Errorf("look at %s: %w", prog, err) }
	}
	id, ok := info.ID()
	if !ok {
		return none
	}
	return func() error {
		for deadline := time.Now().Add(drainMax); time.Now().Before(deadline); time.Sleep(drainStep) {
			left, err := ebpf.NewProgramFromID(id)
			if errors.Is(err, os.ErrNotExist) {
				return nil
			} else if err != nil {
				return fmt.Errorf("look for program %d: %w", id, err)
			}
			left.Close()
		}
		return nil
	}
}
