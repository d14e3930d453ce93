package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bpfdb/runners/driver"
	"bpfdb/workloads"
)

// ErrMember means that a member of the fleet failed; the text says which and why.
var ErrMember = errors.New("load generator failed")

// notice is how far ahead the common start is set: long enough for the order to arrive.
const notice = 200 * time.Millisecond

// Run has the commands carry out the load together and returns the sum of their results. The
// connections are shared out evenly; cfg.Starting is called just before the common start, and
// cfg.Finished when the last member is done. When one member fails, all are stopped.
func Run(ctx context.Context, cfg driver.Config, commands [][]string) (*driver.Result, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Connections < len(commands) {
		return nil, fmt.Errorf("%w: %d connections cannot be shared among %d processes",
			driver.ErrConfig, cfg.Connections, len(commands))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	members := make([]*member, len(commands))
	for i, command := range commands {
		first, count := workloads.Share(uint64(cfg.Connections), i, len(commands))
		part := cfg
		part.First, part.Connections, part.Total = int(first), int(count), cfg.Connections
		m, err := hire(ctx, command, part)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrMember, command[0], err)
		}
		defer m.dismiss()
		members[i] = m
	}
	if err := each(members, (*member).awaitReady); err != nil {
		return nil, cause(ctx, err)
	}
	if cfg.Starting != nil {
		cfg.Starting()
	}
	start := time.Now().Add(notice)
	if err := each(members, func(m *member) error { return m.start(start) }); err != nil {
		return nil, cause(ctx, err)
	}
	err := each(members, (*member).awaitResult)
	if cfg.Finished != nil {
		cfg.Finished()
	}
	if err != nil {
		return nil, cause(ctx, err)
	}
	parts := make([]*driver.Result, len(members))
	for i, m := range members {
		parts[i] = m.result
	}
	return driver.Merge(parts), nil
}

// cause puts the end of the context before the errors that follow from it.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// each does something with all members at once. Of a failed one the others are dismissed, so
// that nobody waits for them; the first error is returned.
func each(members []*member, do func(*member) error) error {
	type ending struct {
		who *member
		err error
	}
	endings := make(chan ending)
	for _, m := range members {
		go func() { endings <- ending{m, do(m)} }() // ends with the member at the latest
	}
	var first error
	for range members {
		e := <-endings
		if e.err == nil || first != nil {
			continue
		}
		e.who.dismiss() // and with that, all it wrote has arrived
		first = fmt.Errorf("%w: %s: %w%s", ErrMember, e.who.name, e.err, e.who.lastWords())
		for _, m := range members {
			m.kill()
		}
	}
	return first
}
