package driver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"golang.org/x/sys/unix"
)

// Sizes of go-redis's buffers per connection; its own defaults, written out.
const (
	goRedisBuffer = 32 << 10
	never         = -1 // disables a limit of go-redis that 0 would set to a default
)

// goRedis drives each connection from a goroutine of its own.
type goRedis struct {
	client  *redis.Client
	workers []*goRedisWorker
}

// options writes out whatever influences a measurement, lest a default change it.
func options(cfg Config) *redis.Options {
	return &redis.Options{
		Network:         cfg.Network,
		Addr:            cfg.Addr,
		Protocol:        cfg.Protocol,
		DisableIdentity: true,  // no CLIENT SETINFO
		MaxRetries:      never, // a retry would hide an error and inflate a latency
		DialerRetries:   1,
		DialTimeout:     cfg.Timeout,
		ReadTimeout:     cfg.Timeout,
		WriteTimeout:    cfg.Timeout,
		ReadBufferSize:  goRedisBuffer,
		WriteBufferSize: goRedisBuffer,

		ContextTimeoutEnabled: false, // the timeouts above hold

		PoolSize:         cfg.Connections,
		MaxActiveConns:   cfg.Connections,
		PipelinePoolSize: never, // pipelines use their worker's connection
		PoolTimeout:      cfg.Timeout,
		ConnMaxIdleTime:  never,
		ConnMaxLifetime:  0, // connections live as long as the client

		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

func newGoRedis(ctx context.Context, cfg Config) (*goRedis, error) {
	b := &goRedis{client: redis.NewClient(options(cfg))}
	for i := range cfg.Connections {
		w := newGoRedisWorker(b.client.Conn(), cfg)
		b.workers = append(b.workers, w)
		if err := establish(ctx, w.conn, cfg.Protocol); err != nil {
			b.close()
			return nil, fmt.Errorf("connection %d to %s: %w", i, cfg.Addr, err)
		}
	}
	return b, nil
}

// establish opens the connection by its first command. go-redis falls back to RESP 2 in
// silence where HELLO 3 is refused, so it is asked once more, aloud.
func establish(ctx context.Context, conn *redis.Conn, protocol int) error {
	if protocol == 2 {
		if err := conn.Ping(ctx).Err(); err != nil && !isReply(err) {
			return transportError(err)
		}
		return nil
	}
	err := conn.Hello(ctx, protocol, "", "", "").Err()
	if isReply(err) {
		return fmt.Errorf("HELLO %d: %w: %w", protocol, ErrProtocol, err)
	}
	return transportError(err)
}

func (b *goRedis) run(ctx context.Context, p *phase) error {
	return together(ctx, len(b.workers), func(ctx context.Context, i int) error {
		return b.workers[i].run(ctx, p, &p.workers[i])
	})
}

func (b *goRedis) recorders() []*recorder {
	all := make([]*recorder, len(b.workers))
	for i, w := range b.workers {
		all[i] = w.rec
	}
	return all
}

func (b *goRedis) close() {
	for _, w := range b.workers {
		w.conn.Close()
	}
	b.client.Close()
}

// isReply tells an error reply of the server from a failed connection.
func isReply(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}

// transportError wraps what go-redis returns in this package's sentinels.
func transportError(err error) error {
	var netErr net.Error
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	case errors.Is(err, io.EOF), errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.EPIPE),
		errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %w", ErrClosed, err)
	}
	return err
}
