package transactor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"bpfdb/runners/driver"
	"bpfdb/runners/transaction"
	"bpfdb/workloads"

	"golang.org/x/sys/unix"
)

var errRefused = errors.New("the server refused")

// defaultTimeout is for each exchange, where the configuration has none.
const defaultTimeout = 10 * time.Second

// store is a connection that writes and reads keys in batches, by plain SET and GET.
type store struct {
	file    *os.File
	timeout time.Duration
	out     []byte
	buffer  []byte // replies not parsed yet
	values  [][]byte
}

// connect opens a store whose connection lasts until close or the end of the context.
func connect(ctx context.Context, cfg driver.Config) (*store, func(), error) {
	fd, err := driver.Dial(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, nil, err
	}
	s := &store{file: os.NewFile(uintptr(fd), cfg.Addr), timeout: cmp.Or(cfg.Timeout, defaultTimeout)}
	stop := context.AfterFunc(ctx, func() { s.file.Close() })
	return s, func() { stop(); s.file.Close() }, nil
}

// loadBatch is how many rows travel together: well within the socket buffers of any server.
const loadBatch = 256

// Load stores the data set of the workload and returns how many keys it has. In mode lua it
// also loads the scripts.
func Load(ctx context.Context, cfg driver.Config) (keys uint64, err error) {
	if err := check(cfg); err != nil {
		return 0, err
	}
	data, err := workloads.NewDataset(cfg.Workload)
	if err != nil {
		return 0, err
	}
	s, stop, err := connect(ctx, cfg)
	if err != nil {
		return 0, err
	}
	defer stop()
	if cfg.Mode == transaction.Lua {
		for _, text := range transaction.Scripts() {
			s.command("SCRIPT", "LOAD", string(text))
		}
		if err := s.exchange(len(transaction.Scripts()), nil); err != nil {
			return 0, fmt.Errorf("load scripts: %w", err)
		}
	}
	var key, value []byte
	pending := 0
	for i := range data.Places() {
		if key, value = data.AppendRow(i, key[:0], value[:0]); key != nil {
			s.command("SET", string(key), string(value))
			keys++
			pending++
			if cfg.Mode == transaction.SortedSet {
				s.command("ZADD", transaction.Index, "0", string(key))
				pending++
			}
		}
		if pending >= loadBatch || i+1 == data.Places() {
			if err := s.exchange(pending, nil); err != nil {
				return keys, fmt.Errorf("load: %w", err)
			}
			pending = 0
		}
	}
	if cfg.Mode == transaction.SortedSet {
		keys++ // the index
	}
	return keys, nil
}

// Verify reads the data back and compares it with what was executed.
func Verify(ctx context.Context, cfg driver.Config, res *driver.Result) (transaction.Findings, error) {
	if err := check(cfg); err != nil {
		return transaction.Findings{}, err
	}
	s, stop, err := connect(ctx, cfg)
	if err != nil {
		return transaction.Findings{}, err
	}
	defer stop()
	return transaction.Verify(s, transaction.Run{
		Spec: cfg.Workload, Seed: cfg.Seed, Drawn: res.Transactions.Drawn, WarmupDrawn: res.Transactions.WarmupDrawn,
		Measured: res.Transactions.Measured, Ever: res.Transactions.Ever,
	})
}

func check(cfg driver.Config) error {
	if cfg.Mode == "" {
		return fmt.Errorf("%w: %s is not made of transactions", driver.ErrConfig, cfg.Workload.Name)
	}
	return cfg.Validate()
}

// Fetch implements transaction.Store.
func (s *store) Fetch(keys [][]byte) ([][]byte, error) {
	s.values = s.values[:0]
	for _, key := range keys {
		s.command("GET", string(key))
	}
	err := s.exchange(len(keys), func(e driver.Element) {
		if e.Kind != '$' {
			s.values = append(s.values, nil)
			return
		}
		s.values = append(s.values, append([]byte{}, e.Data...))
	})
	return s.values, err
}

func (s *store) command(words ...string) {
	s.out = append(strconv.AppendInt(append(s.out, '*'), int64(len(words)), 10), "\r\n"...)
	for _, word := range words {
		s.out = append(strconv.AppendInt(append(s.out, '$'), int64(len(word)), 10), "\r\n"...)
		s.out = append(append(s.out, word...), "\r\n"...)
	}
}

// exchange sends the commands collected and reads their replies. An error reply is an error.
func (s *store) exchange(replies int, visit func(driver.Element)) error {
	if err := s.file.SetDeadline(time.Now().Add(s.timeout)); err != nil {
		return err
	}
	sent := make(chan error, 1)
	go func() { // ends with the write, which a closed or expired file ends
		_, err := s.file.Write(s.out)
		sent <- err
	}()
	err := s.receive(replies, visit)
	if err != nil {
		s.file.SetDeadline(time.Unix(1, 0)) // the rest need not be sent
	}
	sendErr := <-sent
	s.out = s.out[:0]
	if err == nil {
		err = sendErr
	}
	return err
}

func (s *store) receive(replies int, visit func(driver.Element)) error {
	var elements []driver.Element
	chunk := make([]byte, 64<<10)
	for replies > 0 {
		parsed, used, err := driver.ParseReply(s.buffer, elements[:0])
		if err != nil {
			return err
		}
		if used == 0 {
			n, err := s.file.Read(chunk)
			if err != nil {
				return fmt.Errorf("receive: %w", err)
			}
			s.buffer = append(s.buffer, chunk[:n]...)
			continue
		}
		first := parsed[0]
		switch {
		case first.Kind == '-' || first.Kind == '!':
			return fmt.Errorf("%w: %s", errRefused, first.Data)
		case first.Kind == '>':
			replies++ // answers nothing
		case visit != nil:
			visit(first)
		}
		elements, replies = parsed, replies-1
		s.buffer = s.buffer[used:]
	}
	return nil
}
