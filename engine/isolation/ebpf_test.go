package isolation

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"bpfdb/engine"
	"bpfdb/internal/history"
)

const (
	listEntries = 2048 // MAX_ENTRIES of lists.bpf.c
	maxWorkers  = 32
	gaveUp      = -1000 // ABORTED
)

// ebpfWorkers run transactions as eBPF programs: the first ones on the timer of a CPU each, in softirq, the others
// in process context.
type ebpfWorkers struct {
	collection *ebpf.Collection
	timers     int
	others     int
}

func loadWorkers(db *engine.DB, load func() (*ebpf.CollectionSpec, error)) (ebpfWorkers, error) {
	w := ebpfWorkers{timers: min(runtime.NumCPU(), maxWorkers/2), others: 2}
	spec, err := load()
	if err != nil {
		return w, err
	}
	spec.Maps["entries"].MaxEntries = uint32(w.timers+w.others) * listEntries
	w.collection, err = ebpf.NewCollectionWithOptions(spec, db.CollectionOptions(spec))
	return w, err
}

func (w ebpfWorkers) call(program string, args *listsListsArgs) error {
	_, err := w.collection.Programs[program].Run(&ebpf.RunOptions{Context: args})
	if err == nil && args.Result != 0 {
		err = unix.Errno(-args.Result)
	}
	return err
}

// args of worker id; its number sets its elements and choices apart from those of other clients.
func (w ebpfWorkers) args(id, number int, s *scene) *listsListsArgs {
	return &listsListsArgs{
		Seed: rand.New(rand.NewPCG(s.seed, uint64(number))).Uint64(), FirstKey: s.firstKey,
		FirstValue: firstValue(number), Worker: uint32(id), Txns: listEntries,
		PeriodNs: uint64(100 * time.Microsecond),
	}
}

// start lets the timers begin.
func (w ebpfWorkers) start(s *scene, firstNumber int) error {
	for id := range w.timers {
		ended := make(chan error)
		go func() { // ends with the call; its thread, bound to a CPU for good, ends with it
			runtime.LockOSThread()
			var set unix.CPUSet
			set.Set(id)
			err := unix.SchedSetaffinity(0, &set)
			if err == nil {
				err = w.call("lists_start", w.args(id, firstNumber+id, s))
			}
			ended <- err
		}()
		if err := <-ended; err != nil {
			return fmt.Errorf("start the timer of CPU %d: %w", id, err)
		}
	}
	for id := w.timers; id < w.timers+w.others; id++ {
		if err := w.call("lists_prepare", w.args(id, firstNumber+id, s)); err != nil {
			return fmt.Errorf("prepare worker %d: %w", id, err)
		}
	}
	return nil
}

// run has worker id, one of the others, run a transaction.
func (w ebpfWorkers) run(id int) error {
	return w.call("lists_run", &listsListsArgs{Worker: uint32(id)})
}

func (w ebpfWorkers) worker(id int) (state listsWorker, err error) {
	err = w.collection.Maps["workers"].Lookup(uint32(id), &state)
	return state, err
}

// stop ends the timers. How much they have done by then is up to the machine, which may be busy, but one that did
// nothing is an error.
func (w ebpfWorkers) stop() error {
	var errs []error
	for id := range w.timers {
		if err := w.call("lists_stop", &listsListsArgs{Worker: uint32(id)}); err != nil {
			return fmt.Errorf("stop the timer of CPU %d: %w", id, err)
		}
		state, err := w.worker(id)
		if err != nil {
			return err
		}
		if state.Len == 0 {
			errs = append(errs, fmt.Errorf("the timer of CPU %d ran no transaction: %s", id, state.timer()))
		}
	}
	return errors.Join(errs...)
}

// timer says how far the timer of a worker came.
func (s *listsWorker) timer() string {
	text := fmt.Sprintf("%d of %d times to go, %d without an area or transaction", s.Left, listEntries, s.Skipped)
	if s.StartError != 0 {
		text += fmt.Sprintf(", could not go on: %v", unix.Errno(-s.StartError))
	}
	if s.TickNs == 0 {
		return text + ", never fired"
	}
	return text + fmt.Sprintf(", last fired %v ago", time.Duration(monotonicNS()-int64(s.TickNs)))
}

// history is what all workers wrote down, each a session of its own.
func (w ebpfWorkers) history(s *scene) (txns []history.Transaction, err error) {
	for id := range w.timers + w.others {
		state, err := w.worker(id)
		if err != nil {
			return nil, err
		}
		name := "eBPF in softirq"
		if id >= w.timers {
			name = "eBPF in a process"
		}
		session := int(s.sessions.Add(1))
		for i := range state.Len {
			var e listsEntry
			if err := w.collection.Maps["entries"].Lookup(uint32(id*listEntries)+i, &e); err != nil {
				return nil, err
			}
			t, err := e.transaction()
			if err != nil {
				return nil, fmt.Errorf("worker %d, entry %d: %w", id, i, err)
			}
			t.Client, t.Session = name, session
			txns = append(txns, t)
		}
	}
	return txns, nil
}

func (e *listsEntry) transaction() (history.Transaction, error) {
	t := history.Transaction{CallNS: int64(e.CallNs), ReturnNS: int64(e.ReturnNs), Outcome: history.Aborted}
	for _, a := range e.Accesses[:e.Len] {
		if a.Len > listRoom {
			return t, fmt.Errorf("list %d has %d elements, room is for %d", a.Key, a.Len, listRoom)
		}
		t.Accesses = append(t.Accesses, history.Access{Key: a.Key, List: append([]uint64{}, a.List[:a.Len]...)})
		if a.Appended != 0 {
			t.Accesses = append(t.Accesses, history.Access{Append: true, Key: a.Key, Value: a.Value})
		}
	}
	switch errno := unix.Errno(-e.Result); {
	case e.Result == 0:
		t.Outcome = history.Committed
	case e.Result == gaveUp || errno == unix.EAGAIN || errno == unix.EBUSY:
	default:
		return t, fmt.Errorf("a transaction ended with %w", errno)
	}
	return t, nil
}
