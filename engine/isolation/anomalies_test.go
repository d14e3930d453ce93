package isolation

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"testing"
	"time"

	"bpfdb/engine"
	"bpfdb/internal/dialogue"
	"bpfdb/internal/kerneltest"
)

// TestAnomalies plays the dialogue of anomalies to the Go interface; engine/server plays it to the paths.
func TestAnomalies(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.MinKernel, kerneltest.BTF)
	db, err := engine.Open(engine.Options{MemoryBytes: 128 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for range 10 { // anew each time: where keys lie must not matter
		if err := dialogue.Play(goTarget{db}, "../testdata/dialogue/bpfdb/anomalies.txt", 0); err != nil {
			t.Fatal(err)
		}
	}
}

// goTarget has the commands of the dialogue carried out by engine.Txn.
type goTarget struct{ db *engine.DB }

func (g goTarget) Reset() error                 { return g.db.FlushAll() }
func (g goTarget) Dial() (dialogue.Conn, error) { return &goConn{db: g.db}, nil }

// goConn is one client: a goroutine with at most one transaction.
type goConn struct {
	db     *engine.DB
	txn    *engine.Txn
	out    []byte
	closed bool
}

func (c *goConn) Receive(time.Duration) ([]byte, error) {
	out := c.out
	c.out = nil
	switch {
	case len(out) > 0:
		return out, nil
	case c.closed:
		return nil, io.EOF
	}
	return nil, os.ErrDeadlineExceeded
}

func (c *goConn) HalfClose() error { return c.Close() }
func (c *goConn) Abort() error     { return c.Close() }

func (c *goConn) Close() error {
	c.closed = true
	if c.txn == nil {
		return nil
	}
	return c.txn.Abort()
}

// Send carries out commands, which come undivided.
func (c *goConn) Send(data []byte) error {
	for len(data) > 0 {
		words, rest, err := cutCommand(data)
		if err != nil {
			return err
		}
		reply, err := c.execute(words)
		if err != nil {
			return fmt.Errorf("%q: %w", words, err)
		}
		c.out, data = append(c.out, reply...), rest
	}
	return nil
}

// cutCommand takes the first command, an array of bulk strings, off data.
func cutCommand(data []byte) (words []string, rest []byte, err error) {
	number := func() (n int) {
		var used int
		line := string(data)
		_, err = fmt.Sscanf(line[1:], "%d\r\n", &n)
		used = 1 + len(strconv.Itoa(n)) + 2
		data = data[min(used, len(data)):]
		return n
	}
	for range number() {
		n := number()
		if err != nil || n+2 > len(data) {
			return nil, nil, fmt.Errorf("a command cut short: %w", err)
		}
		words = append(words, string(data[:n]))
		data = data[n+2:]
	}
	return words, data, err
}

func (c *goConn) execute(words []string) (reply string, err error) {
	switch words[0] {
	case "BEGIN":
		begin := c.db.Begin
		if len(words) > 1 {
			begin = c.db.BeginReadOnly
		}
		c.txn, err = begin()
		return "+OK\r\n", err
	case "ABORT":
		err, c.txn = c.txn.Abort(), nil
		return "+OK\r\n", err
	case "COMMIT":
		err, c.txn = c.txn.Commit(), nil
		if errors.Is(err, engine.ErrConflict) {
			return "-CONFLICT transaction conflict, retry\r\n", nil
		}
		return "+OK\r\n", err
	}
	if c.txn != nil {
		return operate(c.txn, words)
	}
	txn, err := c.db.Begin()
	if err != nil {
		return "", err
	}
	reply, err = operate(txn, words)
	return reply, errors.Join(err, txn.Commit())
}

// operate carries out a command that reads and writes.
func operate(txn *engine.Txn, words []string) (reply string, err error) {
	key := words[1]
	switch words[0] {
	case "SET", "MSET":
		for i := 1; i < len(words); i += 2 {
			err = errors.Join(err, txn.Set([]byte(words[i]), []byte(words[i+1])))
		}
		return "+OK\r\n", err
	case "GET":
		return get(txn, key)
	case "MGET":
		reply = fmt.Sprintf("*%d\r\n", len(words)-1)
		for _, key := range words[1:] {
			value, errKey := get(txn, key)
			reply, err = reply+value, errors.Join(err, errKey)
		}
		return reply, err
	case "EXISTS", "DEL":
		return count(txn, words)
	case "INCR":
		return increase(txn, key, "1")
	case "INCRBY":
		return increase(txn, key, words[2])
	case "APPEND":
		value, err := txn.Get([]byte(key))
		value = append(value, words[2]...)
		return fmt.Sprintf(":%d\r\n", len(value)), errors.Join(err, txn.Set([]byte(key), value))
	}
	return "", errors.New("not a command of this dialogue")
}

func get(txn *engine.Txn, key string) (reply string, err error) {
	value, err := txn.Get([]byte(key))
	if errors.Is(err, engine.ErrNotFound) {
		return "$-1\r\n", nil
	}
	return fmt.Sprintf("$%d\r\n%s\r\n", len(value), value), err
}

// count is EXISTS and DEL.
func count(txn *engine.Txn, words []string) (reply string, err error) {
	n := 0
	for _, key := range words[1:] {
		_, errKey := txn.Get([]byte(key))
		if errors.Is(errKey, engine.ErrNotFound) {
			continue
		}
		n++
		if words[0] == "DEL" {
			_, errDelete := txn.Delete([]byte(key))
			errKey = errors.Join(errKey, errDelete)
		}
		err = errors.Join(err, errKey)
	}
	return fmt.Sprintf(":%d\r\n", n), err
}

func increase(txn *engine.Txn, key, by string) (reply string, err error) {
	value, err := txn.Get([]byte(key))
	if err != nil {
		return "", err
	}
	n, err := strconv.Atoi(string(value))
	m, errBy := strconv.Atoi(by)
	return fmt.Sprintf(":%d\r\n", n+m), errors.Join(err, errBy, txn.Set([]byte(key), []byte(strconv.Itoa(n+m))))
}
