package engine

import (
	"runtime"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"bpfdb/internal/history"
)

//go:generate go tool bpf2go -go-package engine -tags linux -target amd64 -output-suffix _test -no-global-types -type event -type worker -type start_args softirq ../bpf/testdata/softirq.bpf.c

const softirqEvents = 4096 // of one worker

// softirq runs operators from timers, one per CPU.
type softirq struct {
	collection *ebpf.Collection
	workers    int
	calls      int // that each is to make
}

// startSoftirq lets a timer on every CPU call an operator each period, `calls` times.
func startSoftirq(t *testing.T, db *DB, keys, calls int, period time.Duration) softirq {
	t.Helper()
	spec, err := loadSoftirq()
	if err != nil {
		t.Fatal(err)
	}
	collection, err := ebpf.NewCollectionWithOptions(spec, db.CollectionOptions(spec))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	t.Cleanup(collection.Close)
	s := softirq{collection, min(runtime.NumCPU(), 16), calls}
	for id := range s.workers {
		onCPU(t, id, func() {
			args := softirqStartArgs{
				PeriodNs: uint64(period), Worker: uint32(id), Keys: uint32(keys), Calls: uint32(calls),
			}
			if err := call(collection.Programs["start"], &args); err != nil || args.Result != 0 {
				t.Errorf("start worker %d: %v, result %d", id, err, args.Result)
			}
		})
	}
	return s
}

// onCPU runs f bound to one CPU.
func onCPU(t *testing.T, cpu int, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { // ends with f; its thread, bound for good, ends with it
		defer close(done)
		runtime.LockOSThread()
		var set unix.CPUSet
		set.Set(cpu)
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			t.Error(err)
			return
		}
		f()
	}()
	<-done
}

// worker is how far worker id is.
func (s softirq) worker(t *testing.T, id int) (w softirqWorker) {
	t.Helper()
	if err := s.collection.Maps["workers"].Lookup(uint32(id), &w); err != nil {
		t.Fatal(err)
	}
	return w
}

// running reports whether some worker has calls to go.
func (s softirq) running(t *testing.T) bool {
	t.Helper()
	for id := range s.workers {
		if s.worker(t, id).Left > 0 {
			return true
		}
	}
	return false
}

// stop ends the timers: how many of its calls a worker has made is up to the machine, but it has made some.
func (s softirq) stop(t *testing.T) (calls int) {
	t.Helper()
	for id := range s.workers {
		args := softirqStartArgs{Worker: uint32(id)}
		if err := call(s.collection.Programs["stop"], &args); err != nil || args.Result != 0 {
			t.Fatalf("stop worker %d: %v, result %d", id, err, args.Result)
		}
		done := s.calls - int(s.worker(t, id).Left)
		if done == 0 {
			t.Errorf("the timer of CPU %d never fired", id)
		}
		calls += done
	}
	return calls
}

// history is what the workers did. Calls that were refused did nothing and are left out.
func (s softirq) history(t *testing.T, client int) (ops []history.Operation, refused int) {
	t.Helper()
	for id := range s.workers {
		for i := range s.worker(t, id).Len {
			var e softirqEvent
			if err := s.collection.Maps["events"].Lookup(uint32(id*softirqEvents)+i, &e); err != nil {
				t.Fatal(err)
			}
			op := history.Operation{
				Client: client + id, Key: uint64(e.Key), Value: e.Value,
				CallNS: int64(e.CallNs), ReturnNS: int64(e.ReturnNs), Found: e.Result >= 0,
			}
			switch OpCode(e.Code) {
			case OpSet:
				op.Code = history.Write
			case OpDelete:
				op.Code, op.Found = history.Delete, e.Result == 1
			}
			if e.Result < 0 && unix.Errno(-e.Result) != unix.ENOENT {
				refused++
				continue
			}
			ops = append(ops, op)
		}
	}
	return ops, refused
}
