package transaction

import (
	"fmt"
	"strconv"
)

// outcome is how far a transaction's logic got.
type outcome uint8

const (
	reading   outcome = iota // it has asked for values it does not have yet
	committed                // it did its work; its writes are to be done
	aborted                  // it decided to do nothing
	broken                   // it read something nobody can have written
)

// access is what the logic of a transaction reads and writes. The logic runs from its
// start each time values have arrived, and gets the same answers in the same order; so it
// reads like code over a local store, and the values it asks for between two looks at
// ready travel together.
type access struct {
	known   []value
	used    int      // of known, in this run of the logic
	wanted  [][]byte // keys asked for beyond what is known
	writes  []write
	arena   []byte // keys and values of this run
	read    []byte // values of known
	penalty int64  // cents that a check cost
	problem string // why it is broken
}

type value struct {
	start, end int // in read
	found      bool
}

// write sets a key, or deletes it; a transaction that deletes writes nothing else.
type write struct {
	key, value []byte
	remove     bool
}

// reset begins a new attempt.
func (a *access) reset() {
	a.known, a.read = a.known[:0], a.read[:0]
	a.rerun()
}

// rerun begins another run of the logic over what is known.
func (a *access) rerun() {
	a.used, a.wanted, a.writes, a.arena = 0, a.wanted[:0], a.writes[:0], a.arena[:0]
	a.penalty, a.problem = 0, ""
}

// learn takes the next value that was wanted.
func (a *access) learn(data []byte, found bool) {
	start := len(a.read)
	a.read = append(a.read, data...)
	a.known = append(a.known, value{start, len(a.read), found})
}

// keep makes what was appended to the arena, a key or a value, a slice of its own.
func (a *access) keep(extended []byte) []byte {
	start := len(a.arena)
	a.arena = extended
	return extended[start:len(extended):len(extended)]
}

// get asks for a value. What it returns counts only once ready says so.
func (a *access) get(key []byte) (data []byte, found bool) {
	if a.used == len(a.known) {
		a.wanted = append(a.wanted, key)
		return nil, false
	}
	v := a.known[a.used]
	a.used++
	return a.read[v.start:v.end], v.found
}

// number is get for an integer; one that is not there is 0.
func (a *access) number(key []byte) (n int64, found bool) {
	data, found := a.get(key)
	if !found {
		return 0, false
	}
	n, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil {
		a.fail(key, data, "is not an integer")
	}
	return n, true
}

// ready reports whether everything asked for so far is known.
func (a *access) ready() bool { return len(a.wanted) == 0 }

func (a *access) set(key, data []byte) { a.writes = append(a.writes, write{key: key, value: data}) }

func (a *access) setNumber(key []byte, n int64) {
	a.set(key, a.keep(strconv.AppendInt(a.arena, n, 10)))
}

func (a *access) remove(key []byte) { a.writes = append(a.writes, write{key: key, remove: true}) }

// fail notes that a key holds what nobody wrote.
func (a *access) fail(key, data []byte, why string) {
	a.problem = fmt.Sprintf("key %q holds %.60q, which %s", key, data, why)
}

// overwritten is a copy of a row with new text at an offset.
func (a *access) overwritten(row []byte, offset int, text []byte) []byte {
	changed := a.keep(append(a.arena, row...))
	copy(changed[offset:], text)
	return changed
}
