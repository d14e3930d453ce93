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
	layout   workloads.Layout

	sent    []goRedisCommand
	replies []redis.Cmder    // of sent
	writes  []goRedisCommand // reads of read-modify-writes that were answered
	scratch []byte

	start time.Time // of the phase
}

// goRedisCommand has its arguments built before the clock starts.
type goRedisCommand struct {
	command
	due   int64 // see times
	key   string
	value []byte
}

func newGoRedisWorker(conn *redis.Conn, cfg Config) *goRedisWorker {
	return &goRedisWorker{
		conn: conn, rec: newRecorder(cfg), pipeline: cfg.Pipeline, layout: workloads.NewLayout(cfg.Workload),
	}
}

func (w *goRedisWorker) run(ctx context.Context, p *phase, work *worker) error {
	w.start = p.start
	if err := w.awaitNS(ctx, work.joinNS); err != nil {
		return err
	}
	freeNS := int64(0)
	for work.left > 0 && !p.over.Load() {
		if work.due != nil {
			if work.due.ended() {
				return nil
			}
			if err := w.awaitDue(ctx, p, work.due.dueNS); err != nil || p.over.Load() {
				return err
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := w.batch(ctx, work, freeNS); err != nil {
			return err
		}
		freeNS = w.now()
		w.rec.publish()
	}
	return nil
}

// now is the time since the phase started.
func (w *goRedisWorker) now() int64 { return int64(time.Since(w.start)) }

// batch sends the next operations: as many as the pipeline holds, in an open loop as many of
// them as are due. freeNS is when the connection had its last reply.
func (w *goRedisWorker) batch(ctx context.Context, work *worker, freeNS int64) error {
	w.sent, w.writes = w.sent[:0], w.writes[:0]
	drawnNS := w.now()
	for len(w.sent) < w.pipeline && work.left > 0 {
		dueNS := drawnNS
		if work.due != nil {
			if dueNS = work.due.dueNS; dueNS > drawnNS || work.due.ended() {
				break
			}
			work.due.advance()
		}
		op := work.ops.Next()
		work.left--
		w.queue(op, firstSlot[op.Kind], dueNS)
	}
	start := w.now()
	for i := range w.sent {
		if work.due == nil {
			w.sent[i].due = start
		} else {
			w.rec.sentLate(w.sent[i].due, freeNS, start)
		}
	}
	if err := w.round(ctx, start, start); err != nil {
		return err
	}
	if len(w.writes) == 0 {
		return nil
	}
	w.sent = w.sent[:0]
	for _, write := range w.writes {
		w.queue(write.op, slotRMWUpdate, write.due)
	}
	return w.round(ctx, start, w.now())
}

// round sends the commands in sent and accounts for their replies. first is when the batch's
// first round began, start when this one does.
func (w *goRedisWorker) round(ctx context.Context, first, start int64) error {
	w.replies = w.replies[:0]
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
	done := w.now()
	for i, cmd := range w.sent {
		at := times{due: cmd.due, first: first, sent: start, done: done}
		if err := w.take(cmd, w.replies[i], at); err != nil {
			return err
		}
	}
	return nil
}

// queue adds a command to the round, with its arguments.
func (w *goRedisWorker) queue(op workloads.Op, s slot, due int64) {
	cmd := goRedisCommand{command: command{op: op, slot: s}, due: due}
	if s != slotPing {
		w.scratch = w.layout.AppendKey(w.scratch[:0], op.Key)
		cmd.key = string(w.scratch)
	}
	if s == slotUpdate || s == slotInsert || s == slotRMWUpdate {
		cmd.value = w.layout.AppendValue(make([]byte, 0, w.layout.Size(op.Key, op.Version)), op.Key, op.Version)
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
func (w *goRedisWorker) take(cmd goRedisCommand, got redis.Cmder, at times) error {
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
	if w.rec.answered(cmd.command, err == nil, at) {
		w.writes = append(w.writes, cmd)
	}
	return nil
}
