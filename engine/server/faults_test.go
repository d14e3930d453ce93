package server

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"bpfdb/engine"
	"bpfdb/engine/redolog"
	"bpfdb/engine/redolog/faultfs"
	"bpfdb/internal/kerneltest"
	"bpfdb/internal/oracle"
)

// machine is a server on a disk that may fail, and clients that know what must be on it.
type machine struct {
	t       *testing.T
	of      engine.Options
	options Options
	disk    *faultfs.FS
	fleet   *oracle.Fleet

	server *Server
	close  func() error
	stop   chan struct{}
	ended  chan error
}

// asyncWindow is the window of asynchronous durability in these tests.
const asyncWindow = 300 * time.Millisecond

func newMachine(t *testing.T, seed uint64, durability engine.Durability, path Path) *machine {
	t.Helper()
	m, _ := newGatedMachine(t, seed, durability, path)
	return m
}

// newGatedMachine is newMachine with a disk that can be made to stand still.
func newGatedMachine(t *testing.T, seed uint64, durability engine.Durability, path Path) (*machine, *faultfs.Gate) {
	t.Helper()
	requireKernel(t)
	kerneltest.VerifyClean(t, "bpfdb")
	disk := faultfs.New(seed)
	gate := faultfs.NewGate(disk)
	m := &machine{t: t, disk: disk, options: Options{Path: path}, fleet: oracle.New(seed, 4, false, isMisconf)}
	m.of = engine.Options{Durability: durability, Dir: "/the disk", FS: gate, CheckpointBytes: engine.NoCheckpoints,
		AsyncWindow: asyncWindow,
		Warn:        func(err error) { t.Log(err) }}
	t.Cleanup(func() {
		gate.Release()
		if m.server != nil {
			_ = m.close()
		}
	})
	m.start()
	return m, gate
}

// isMisconf tells a refusal; COMMIT does not wait for room, and for a moment there is none.
func isMisconf(reply string) bool {
	return strings.Contains(reply, "MISCONF") || strings.HasPrefix(reply, "BUSY the redo log is full")
}

// start starts the server, and checks what it has recovered: all that was acknowledged.
func (m *machine) start() { m.startFrom(time.Now()) }

func (m *machine) startFrom(lastingUntil time.Time) {
	m.t.Helper()
	var err error
	if m.server, m.close, err = openWith(m.of, m.options); err != nil {
		m.t.Fatal(err)
	}
	if err := m.fleet.Verify(m.addr(), lastingUntil); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) addr() string { return m.server.Addr().String() }

// work has the clients work until rest.
func (m *machine) work() {
	m.stop, m.ended = make(chan struct{}), make(chan error, 1)
	go func() { m.ended <- m.fleet.Run([]string{m.addr()}, m.stop) }() // until rest
}

func (m *machine) rest() {
	m.t.Helper()
	close(m.stop)
	if err := <-m.ended; err != nil {
		m.t.Fatal(err)
	}
}

// end ends the server, which may complain of the disk.
func (m *machine) end() error {
	err := m.close()
	m.server = nil
	return err
}

// ask asks one question on a connection of its own.
func (m *machine) ask(words ...string) oracle.Reply {
	m.t.Helper()
	conn, err := oracle.Dial(m.addr())
	if err != nil {
		m.t.Fatal(err)
	}
	defer conn.Close()
	reply, err := conn.Do(words...)
	if err != nil {
		m.t.Fatalf("%s: %v", words[0], err)
	}
	return reply
}

// want asks until the answer begins as it should; one that is held back is not waited for.
func (m *machine) want(begin string, words ...string) {
	m.t.Helper()
	last := oracle.Reply{}
	for deadline := time.Now().Add(testTimeout); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if last = m.askOrNothing(words...); strings.HasPrefix(last.Text, begin) {
			return
		}
	}
	m.t.Fatalf("%s answers %+v, want %s", words[0], last, begin)
}

// refused checks that writes of every kind are refused, at once, and reads go on.
func (m *machine) refused() {
	m.t.Helper()
	m.want("MISCONF", "SET", "other", "2")
	for _, words := range [][]string{
		{"SET", "probe", "2"}, {"DEL", "probe"}, {"INCR", "probe"}, {"APPEND", "probe", "2"},
		{"MSET", "probe", "2", "b", "2"}, {"FLUSHALL"},
	} {
		start := time.Now()
		if reply := m.ask(words...); !strings.HasPrefix(reply.Text, "MISCONF the redo log cannot be written") {
			m.t.Errorf("%s answers %q", words[0], reply.Text)
		}
		if took := time.Since(start); took > testTimeout/4 {
			m.t.Errorf("%s took %v to be refused", words[0], took)
		}
	}
	if reply := m.ask("GET", "probe"); reply.Text != "1" {
		m.t.Errorf("GET answers %+v", reply)
	}
	failed := "aof_last_write_status:err\r\naof_last_write_error:"
	if reply := m.ask("INFO", "persistence"); !strings.Contains(reply.Text, failed) {
		m.t.Errorf("INFO says %q", reply.Text)
	}
}

// TestFullDisk fills the disk, and later frees some: until then writes are refused, and those that had happened
// already wait for it.
func TestFullDisk(t *testing.T) {
	for _, test := range []struct {
		durability engine.Durability
		path       Path
	}{{engine.DurabilitySync, PathLocal}, {engine.DurabilityAsync, PathSockmap}} {
		t.Run(string(test.durability)+" "+string(test.path), func(t *testing.T) {
			m := newMachine(t, 1, test.durability, test.path)
			m.want("OK", "SET", "probe", "1")
			m.disk.Set(faultfs.Faults{SpaceBytes: 1})
			m.work()
			for range 1 << 20 / 1000 { // of 64 MiB of segment
				if reply := m.askOrNothing("SET", "filler", strings.Repeat("f", 60_000)); isMisconf(reply.Text) {
					break
				}
			}
			m.refused()
			if reply := m.ask("SAVE"); !strings.Contains(reply.Text, "cannot be written now") {
				t.Errorf("SAVE answers %q", reply.Text)
			}
			m.disk.Set(faultfs.Faults{})
			m.want("OK", "SET", "probe", "3")
			m.want("OK", "SAVE")
			m.rest()
			if err := m.end(); err != nil {
				t.Error(err)
			}
			m.start()
			m.want("3", "GET", "probe")
			t.Logf("%+v", m.fleet.Figures())
		})
	}
}

// askOrNothing asks on a connection that it closes soon: the answer may be held back.
func (m *machine) askOrNothing(words ...string) oracle.Reply {
	conn, err := oracle.Dial(m.addr())
	if err != nil {
		m.t.Fatal(err)
	}
	timer := time.AfterFunc(time.Second, func() { conn.Close() })
	defer timer.Stop()
	defer conn.Close()
	reply, _ := conn.Do(words...)
	return reply
}

// TestDiskErrors has writes fail, for good and now and then.
func TestDiskErrors(t *testing.T) {
	for _, durability := range []engine.Durability{engine.DurabilitySync, engine.DurabilityAsync} {
		t.Run(string(durability), func(t *testing.T) {
			m := newMachine(t, 2, durability, PathLocal)
			m.want("OK", "SET", "probe", "1")
			m.work()
			m.disk.Set(faultfs.Faults{WriteError: 1})
			m.refused()
			m.disk.Set(faultfs.Faults{WriteError: 0.3})
			time.Sleep(500 * time.Millisecond)
			m.disk.Set(faultfs.Faults{})
			m.want("OK", "SET", "probe", "3")
			m.rest()
			if err := m.end(); err != nil {
				t.Error(err)
			}
			m.start()
			m.want("3", "GET", "probe")
			t.Logf("%+v", m.fleet.Figures())
		})
	}
}

// TestFailedSync has an fsync fail: from then on nothing may change until the server has been started again, and
// found out what is on the disk.
func TestFailedSync(t *testing.T) {
	for _, path := range []Path{PathUser, PathLocal} {
		t.Run(string(path), func(t *testing.T) {
			m := newMachine(t, 3, engine.DurabilitySync, path)
			m.want("OK", "SET", "probe", "1")
			m.work()
			time.Sleep(100 * time.Millisecond)
			m.disk.Set(faultfs.Faults{SyncError: 1})
			m.refused()
			m.disk.Set(faultfs.Faults{})
			m.refused()
			m.rest()
			if err := m.end(); !errors.Is(err, engine.ErrLogFailed) && !errors.Is(err, redolog.ErrSyncFailed) {
				t.Errorf("the server ended with %v", err)
			}
			m.start()
			m.want("1", "GET", "probe")
			m.want("OK", "SET", "probe", "2")
			t.Logf("%+v", m.fleet.Figures())
		})
	}
}

// TestPowerLoss has the machine lose power under load, 2 times or as often as BPFDB_CRASH_ROUNDS says.
func TestPowerLoss(t *testing.T) {
	rounds := 2
	if text := os.Getenv("BPFDB_CRASH_ROUNDS"); text != "" {
		rounds, _ = strconv.Atoi(text)
	}
	m := newMachine(t, uint64(time.Now().UnixNano()), engine.DurabilitySync, PathLocal)
	for n := range rounds {
		m.work()
		m.disk.Set(faultfs.Faults{WriteBack: 0.3})
		time.Sleep(50 * time.Millisecond)
		if n%2 == 1 {
			m.want("Background saving started", "BGSAVE")
		}
		m.disk.Set(faultfs.Faults{WriteBack: 0.3, CrashAfter: 1 + int(time.Now().UnixNano()%200)})
		time.Sleep(200 * time.Millisecond)
		m.disk.Crash()
		m.rest()
		_ = m.end()
		m.disk.Restart()
		m.start()
	}
	t.Logf("%d times: %+v", rounds, m.fleet.Figures())
}
