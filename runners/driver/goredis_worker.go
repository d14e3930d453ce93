package driver

import (
	"context"
	"errors"
	"time"

	"bpfdb/workloads"

	"github.com/redis/go-redis/v9"
)

// goRedisWorker is one connection. Its rounds are those of conn in the raw driver.
type goRedisWorker struct {
	conn     *redis.Conn
	rec      *recorder
	pipeline int
	value    int // bytes

	sent    []goRedisCommand
	replies []redis.Cmder // of sent
	writes  []workloads.Op
	scratch []byte
}

// goRedisCommand has its arguments built before the clock starts.
type goRedisCommand struct {
	command
	key   string
	value []byte
}

func newGoRedisWorker(conn *redis.Conn, cfg Config) *goRedisWorker {
	return &goRedisWorker{
		conn: conn, rec: newRecorder(cfg), pipeline: cfg.Pipeline, value: cfg.Workload.ValueBytes,
	}
}

func (w *goRedisWorker) run(ctx context.Context, work *worker) error {
	for work.left > 0 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := w.batch(ctx, work); err != nil {
			return err
		}
		w.rec.done.Store(w.rec.ops)
	}
	return nil
}

func (w *goRedisWorker) batch(ctx context.Context, work *worker) error {
	w.sent, w.writes = w.sent[:0], w.writes[:0]
	for range min(work.left, uint64(w.pipeline)) {
		op := work.ops.Next()
		work.left--
		w.queue(op, firstSlot[op.Kind])
	}
	start := time.Now()
	if err := w.round(ctx, start); err != nil {
		return err
	}
	if len(w.writes) == 0 {
		return nil
	}
	w.sent = w.sent[:0]
	for _, op := range w.writes {
		w.queue(op, slotRMWUpdate)
	}
	return w.round(ctx, start)
}

// round sends the commands in sent and accounts for their replies. batchStart is when the
// batch's first round began.
func (w *goRedisWorker) round(ctx context.Context, batchStart time.Time) error {
	w.replies = w.replies[:0]
	start := time.Now()
	if len(w.sent) == 1 {
		w.replies = append(w.replies, w.sent[0].issue(ctx, w.conn))
	} else {
		pipe := w.conn.Pipeline()
		for i := range w.sent {
			w.replies = append(w.replies, w.sent[i].issue(ctx, pipe))
		}
		if _, err := pipe.Exec(ctx); err != nil && !isReply(err) {
			return transportError(err)
		}
	}
	end := time.Now()
	for i, cmd := range w.sent {
		if err := w.take(cmd.command, w.replies[i], end.Sub(start), end.Sub(batchStart)); err != nil {
			return err
		}
	}
	return nil
}

// queue adds a command to the round, with its arguments.
func (w *goRedisWorker) queue(op workloads.Op, s slot) {
	cmd := goRedisCommand{command: command{op: op, slot: s}}
	if s != slotPing {
		w.scratch = workloads.AppendKey(w.scratch[:0], op.Key)
		cmd.key = string(w.scratch)
	}
	if s == slotUpdate || s == slotInsert || s == slotRMWUpdate {
		cmd.value = workloads.AppendValue(make([]byte, 0, w.value), op.Key, op.Version, w.value)
	}
	w.sent = append(w.sent, cmd)
}

// issue sends a command, or adds it to the batch if through is a pipeline.
func (c *goRedisCommand) issue(ctx context.Context, through redis.Cmdable) redis.Cmder {
	switch c.slot {
	case slotPing:
		return through.Ping(ctx)
	case slotRead, slotRMWRead:
		return through.Get(ctx, c.key)
	}
	return through.Set(ctx, c.key, c.value, 0)
}

// take accounts for one reply; it returns an error only if the connection failed.
func (w *goRedisWorker) take(cmd command, got redis.Cmder, latency, sinceBatch time.Duration) error {
	err := got.Err()
	switch {
	case errors.Is(err, redis.Nil):
		w.rec.misses++
		err = nil
	case err == nil && (cmd.slot == slotRead || cmd.slot == slotRMWRead):
		data, _ := got.(*redis.StringCmd).Bytes() // its error is got.Err()
		w.rec.value(data, cmd.op.Key)
	case err != nil && !isReply(err):
		return transportError(err)
	case err != nil:
		w.rec.fail(err.Error())
	}
	if w.rec.answered(cmd, err == nil, latency.Nanoseconds(), sinceBatch.Nanoseconds()) {
		w.writes = append(w.writes, cmd.op)
	}
	return nil
}
