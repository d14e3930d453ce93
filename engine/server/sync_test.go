package server

import (
	"strings"
	"testing"
	"time"

	"bpfdb/engine"
	"bpfdb/internal/oracle"
)

// silence is how long a server must not answer in these tests: a wrong answer comes in less.
const silence = 150 * time.Millisecond

// question is a request whose answer has not come.
type question struct {
	words  string
	answer chan string
}

// begin asks on a connection of its own, which has been served on its path before.
func (m *machine) begin(words string) question {
	m.t.Helper()
	conn, err := oracle.Dial(m.addr())
	if err != nil {
		m.t.Fatal(err)
	}
	if _, err := conn.Do("PING"); err != nil { // a loop that waited for the disk would not even accept it
		m.t.Fatal(err)
	}
	q := question{words, make(chan string, 1)}
	go func() { // ends with the answer or the server
		defer conn.Close()
		reply, err := conn.Do(strings.Fields(words)...)
		if err != nil {
			q.answer <- err.Error()
		} else if reply.Null {
			q.answer <- "nothing"
		} else {
			q.answer <- reply.Text
		}
	}()
	return q
}

// silent checks that the question has no answer yet.
func (q question) silent(t *testing.T) {
	t.Helper()
	select {
	case answer := <-q.answer:
		t.Errorf("%s was answered %q before the commit it depends on was durable", q.words, answer)
		q.answer <- answer
	default:
	}
}

func (q question) answers(t *testing.T, want string) {
	t.Helper()
	select {
	case answer := <-q.answer:
		if answer != want {
			t.Errorf("%s was answered %q, want %q", q.words, answer, want)
		}
	case <-time.After(testTimeout):
		t.Errorf("%s was not answered", q.words)
	}
}

// TestNothingShownBeforeItIsDurable has the disk stand still after commits have been executed: no reader may see
// them before they are on it.
func TestNothingShownBeforeItIsDurable(t *testing.T) {
	for _, path := range testedPaths {
		t.Run(string(path), func(t *testing.T) {
			m, gate := newGatedMachine(t, 4, engine.DurabilitySync, path)
			for _, words := range [][]string{{"SET", "old", "1"}, {"SET", "gone", "1"}, {"SET", "counter", "1"}} {
				m.want("OK", words...)
			}
			keys := m.ask("DBSIZE").Text
			gate.Hold(false)
			write := m.begin("MSET new 1 other 1")
			for gate.Waiting() == 0 {
				time.Sleep(time.Millisecond)
			}
			// These are executed behind it, before anybody waits for them.
			questions := []question{
				write, m.begin("GET new"), m.begin("STRLEN other"), m.begin("EXISTS new old"), m.begin("MGET old new"),
				m.begin("GET absent"), m.begin("DBSIZE"), m.begin("DEL gone"), m.begin("INCR counter"),
			}
			time.Sleep(silence)
			for range 4 { // whatever loops they come to
				m.begin("GET old").answers(t, "1")
			}
			for _, q := range questions {
				q.silent(t)
			}
			gate.Release()
			for i, want := range []string{"OK", "1", "1", "2", "", "nothing", "", "1", "2"} {
				if want != "" {
					questions[i].answers(t, want)
				}
			}
			if got := <-questions[6].answer; got <= keys {
				t.Errorf("DBSIZE answers %s after %s and two more", got, keys)
			}
		})
	}
}

// TestAsyncWindow has the disk stand still, and lose power, while clients of the fast path write as fast as they
// can: what can be lost was committed within one window.
func TestAsyncWindow(t *testing.T) {
	for _, writes := range []bool{false, true} {
		name := "fsync"
		if writes {
			name = "write"
		}
		t.Run(name, func(t *testing.T) {
			m, gate := newGatedMachine(t, 5, engine.DurabilityAsync, PathLocal)
			m.work()
			time.Sleep(2 * asyncWindow)
			gate.Hold(writes)
			held := time.Now()
			for m.fleet.LastReply().After(time.Now().Add(-2*asyncWindow)) || time.Since(held) < 3*asyncWindow {
				time.Sleep(asyncWindow / 10)
				if time.Since(held) > testTimeout {
					t.Fatalf("%v after the disk stood still the server still acknowledges commits", testTimeout)
				}
			}
			last := m.fleet.LastReply()
			t.Logf("commits went on for %v", last.Sub(held))
			m.disk.Crash()
			gate.Release()
			m.rest()
			_ = m.end()
			m.disk.Restart()
			m.startFrom(last.Add(-asyncWindow))
			t.Logf("%+v", m.fleet.Figures())
		})
	}
}

// TestSlowDisk has the disk stand still until the ring of the kernel is full, and go on: no writer is refused, and
// nothing is lost. Where it does not go on writers are told so.
func TestSlowDisk(t *testing.T) {
	m, gate := newGatedMachine(t, 6, engine.DurabilityAsync, PathLocal)
	m.work()
	gate.Hold(true)
	last := m.begin("SET last 1")
	time.Sleep(4 * asyncWindow)
	late := m.begin("SET late 1")
	time.Sleep(silence)
	late.silent(t)
	gate.Release()
	last.answers(t, "OK")
	late.answers(t, "OK")
	m.rest()
	if err := m.end(); err != nil {
		t.Error(err)
	}
	m.start()
	m.want("1", "GET", "late")
	t.Logf("%+v", m.fleet.Figures())
}
