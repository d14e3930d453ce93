package system

import (
	"strings"
	"sync"
)

// outputLimit bounds, in bytes, what is kept of each end of a server's output.
const outputLimit = 4096

// output keeps the beginning and the end of what a server writes to one stream.
type output struct {
	mu struct {
		sync.Mutex
		head, tail []byte
		wrote      chan struct{} // closed and replaced at each write
	}
}

func newOutput() *output {
	o := &output{}
	o.mu.wrote = make(chan struct{})
	return o
}

// Write implements io.Writer; it never fails, so the server never blocks on its output.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	room := outputLimit - len(o.mu.head)
	o.mu.head = append(o.mu.head, p[:min(room, len(p))]...)
	o.mu.tail = append(o.mu.tail, p...)
	if excess := len(o.mu.tail) - outputLimit; excess > 0 {
		o.mu.tail = append(o.mu.tail[:0], o.mu.tail[excess:]...)
	}
	close(o.mu.wrote)
	o.mu.wrote = make(chan struct{})
	return len(p), nil
}

// Wrote is closed at the next write.
func (o *output) Wrote() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.mu.wrote
}

// Head is the first outputLimit bytes.
func (o *output) Head() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.mu.head)
}

// Tail is the last outputLimit bytes, without surrounding blanks.
func (o *output) Tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.TrimSpace(string(o.mu.tail))
}
