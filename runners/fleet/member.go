package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"bpfdb/runners/driver"
)

// member is one process that generates a part of the load.
type member struct {
	name    string
	process *exec.Cmd
	orders  *json.Encoder
	input   io.Closer
	reports *json.Decoder
	stderr  *tail
	offset  time.Duration // its clock is ahead of ours by this
	result  *driver.Result
}

// hire starts the command and gives it its load.
func hire(ctx context.Context, command []string, load driver.Config) (*member, error) {
	m := &member{name: strings.Join(command, " "), stderr: &tail{}}
	m.process = exec.CommandContext(ctx, command[0], command[1:]...)
	m.process.Stderr = m.stderr
	// Ctrl-C reaches the coordinator alone, which closes the members' input.
	m.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	m.process.WaitDelay = time.Second
	input, err := m.process.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := m.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	m.orders, m.input, m.reports = json.NewEncoder(input), input, json.NewDecoder(output)
	if err := m.process.Start(); err != nil {
		return nil, err
	}
	if err := m.tell(order{Load: &load}); err != nil {
		m.dismiss()
		return nil, fmt.Errorf("%w%s", err, m.lastWords())
	}
	return m, nil
}

// tell gives an order. That the member does not read any more is no error here: what it said
// last, which is read next, says why.
func (m *member) tell(o order) error {
	if err := m.orders.Encode(o); err != nil && !errors.Is(err, syscall.EPIPE) {
		return err
	}
	return nil
}

// dismiss ends the process, which ends by itself when its input does, and waits for it.
func (m *member) dismiss() {
	m.input.Close()
	m.kill()
	m.process.Wait() //nolint:errcheck // what it had to say it has said
}

func (m *member) kill() { m.process.Process.Kill() } //nolint:errcheck // it may be gone already

func (m *member) lastWords() string {
	if words := m.stderr.String(); words != "" {
		return "; its stderr ends:\n" + words
	}
	return ""
}

// next reads one report.
func (m *member) next() (report, error) {
	var r report
	if err := m.reports.Decode(&r); err != nil {
		if errors.Is(err, io.EOF) {
			return r, errors.New("it ended without a result")
		}
		return r, fmt.Errorf("its report: %w", err)
	}
	if r.Error != "" {
		return r, errors.New(r.Error)
	}
	return r, nil
}

// clockSamples is how often the clocks are compared; the quickest answer is the most exact.
const clockSamples = 5

// awaitReady returns when the member is connected and warm, with its clock compared.
func (m *member) awaitReady() error {
	r, err := m.next()
	if err != nil {
		return err
	}
	if !r.Ready {
		return errors.New("it did not say that it is ready")
	}
	best := time.Duration(-1)
	for range clockSamples {
		asked := time.Now()
		if err := m.tell(order{Clock: true}); err != nil {
			return err
		}
		r, err := m.next()
		if err != nil {
			return err
		}
		if took := time.Since(asked); best < 0 || took < best {
			best = took
			m.offset = time.Unix(0, r.ClockNS).Sub(asked.Add(took / 2))
		}
	}
	return nil
}

func (m *member) start(at time.Time) error {
	return m.tell(order{StartNS: at.Add(m.offset).UnixNano()})
}

func (m *member) awaitResult() error {
	r, err := m.next()
	if err != nil {
		return err
	}
	if r.Result == nil {
		return errors.New("it reported no result")
	}
	m.result, err = decode(r.Result)
	return err
}

// tail keeps the end of what is written to it.
type tail struct {
	mu struct {
		sync.Mutex
		text []byte
	}
}

// tailBytes is enough for an error message and what led to it.
const tailBytes = 2048

// Write implements io.Writer; it never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mu.text = append(t.mu.text, p...)
	if excess := len(t.mu.text) - tailBytes; excess > 0 {
		t.mu.text = append(t.mu.text[:0], t.mu.text[excess:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.mu.text))
}
