package run

import (
	"context"
	"time"

	"bpfdb/results"
	"bpfdb/runners/system"
)

// checkpoint is one that a server is to write while it is measured; without a server there
// is none.
type checkpoint struct {
	server *system.Server
	after  time.Duration // of the start of the measured phase

	stop    context.CancelFunc
	written chan written
}

type written struct {
	at  results.Checkpoint
	err error
}

// begin is called when the measured phase starts.
func (c *checkpoint) begin(ctx context.Context) {
	if c.server == nil {
		return
	}
	ctx, c.stop = context.WithCancel(ctx)
	c.written = make(chan written, 1)
	start := time.Now()
	go func() { // ends with the checkpoint, or by stop
		var w written
		select {
		case <-time.After(c.after):
		case <-ctx.Done():
			c.written <- written{err: ctx.Err()}
			return
		}
		w.at.BeginNS = time.Since(start).Nanoseconds()
		w.err = c.server.Checkpoint(ctx)
		w.at.EndNS = time.Since(start).Nanoseconds()
		c.written <- w
	}()
}

// end waits for the checkpoint, or gives it up where the load has failed.
func (c *checkpoint) end(failed bool) (*results.Checkpoint, error) {
	if c.written == nil {
		return nil, nil
	}
	defer c.stop()
	if failed {
		c.stop()
		<-c.written
		return nil, nil
	}
	w := <-c.written
	return &w.at, w.err
}
