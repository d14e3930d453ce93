package engine

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"bpfdb/engine/model"
)

const (
	diffKeys  = 60 // few, so that transactions meet; a third of them share one bucket
	diffTxns  = 6  // open at once
	diffSteps = 20_000
)

// operators is what DB and Txn have in common, and what the model's have.
type operators interface {
	Get(key []byte) ([]byte, error)
	Set(key, value []byte) error
	Delete(key []byte) (bool, error)
}

type modelOperators interface {
	Get(key []byte) ([]byte, bool, error)
	Set(key, value []byte) error
	Delete(key []byte) (bool, error)
}

// pair is one transaction in the engine and in the model.
type pair struct {
	engine *Txn
	model  *model.Txn
}

// differ plays the same operators to the engine and to the model.
type differ struct {
	t         *testing.T
	rng       *rand.Rand
	db        *DB
	model     *model.DB
	keys      [][]byte
	txns      []pair
	conflicts int
	commits   int
}

// TestDifferential plays random operators, with several transactions open at once, to the
// engine and to the model. The engine may report a conflict where the model has none, for
// it validates by bucket; everything else must be equal.
func TestDifferential(t *testing.T) {
	db := openTest(t)
	for seed := range uint64(4) {
		t.Logf("seed %d", seed)
		d := &differ{t: t, rng: rand.New(rand.NewPCG(seed, 0)), db: db, model: model.NewDB()}
		d.keys = collide(db, seed, diffKeys/3)
		for len(d.keys) < diffKeys {
			d.keys = append(d.keys, fmt.Appendf(nil, "%d/%d", seed, len(d.keys)))
		}
		for range diffSteps {
			d.step()
		}
		for len(d.txns) > 0 {
			d.end(0)
		}
		for _, key := range d.keys {
			d.get("", db, d.model, key)
		}
		if n := d.db.Len(); n != int64(d.model.Len()) {
			t.Errorf("the engine has %d keys, the model %d", n, d.model.Len())
		}
		t.Logf("%d commits, %d conflicts", d.commits, d.conflicts)
		if d.commits == 0 || d.conflicts == 0 {
			t.Error("the test does not reach what it is for")
		}
		if err := db.FlushAll(); err != nil {
			t.Fatal(err)
		}
	}
	if used := db.Stats().Used; used%64 != 0 || used > 4*8*64 {
		t.Errorf("%d bytes are left behind, more than overflow buckets take", used)
	}
}

// step draws one action: begin, end or an operator inside or outside a transaction.
func (d *differ) step() {
	switch n := len(d.txns); {
	case n < diffTxns && d.rng.IntN(12) == 0:
		d.txns = append(d.txns, pair{mustBegin(d.t, d.db), d.model.Begin()})
	case n > 0 && d.rng.IntN(20) == 0:
		d.end(d.rng.IntN(n))
	case n > 0 && d.rng.IntN(8) > 0:
		i := d.rng.IntN(n)
		d.operate(fmt.Sprintf("transaction %d: ", i), d.txns[i].engine, d.txns[i].model)
	case d.rng.IntN(10) == 0:
		d.batch()
	default:
		d.operate("", d.db, d.model)
	}
}

func (d *differ) key() []byte { return d.keys[d.rng.IntN(len(d.keys))] }

// value is mostly short; some lengths need other block sizes.
func (d *differ) value() []byte {
	length := d.rng.IntN(40)
	if d.rng.IntN(20) == 0 {
		length = d.rng.IntN(MaxValue + 1)
	}
	return bytes.Repeat([]byte{byte(d.rng.Uint32())}, length)
}

func (d *differ) operate(where string, e operators, m modelOperators) {
	d.t.Helper()
	key := d.key()
	switch d.rng.IntN(4) {
	case 0, 1:
		d.get(where, e, m, key)
	case 2:
		value := d.value()
		if errE, errM := e.Set(key, value), m.Set(key, value); errE != nil || errM != nil {
			d.t.Fatalf("%sSet %q: engine %v, model %v", where, key, errE, errM)
		}
	case 3:
		wasE, errE := e.Delete(key)
		wasM, errM := m.Delete(key)
		if wasE != wasM || errE != nil || errM != nil {
			d.t.Fatalf("%sDelete %q: engine %v, %v, model %v, %v", where, key, wasE, errE, wasM, errM)
		}
	}
}

func (d *differ) get(where string, e operators, m modelOperators, key []byte) {
	d.t.Helper()
	got, errE := e.Get(key)
	want, found, errM := m.Get(key)
	if errM != nil || errors.Is(errE, ErrNotFound) == found || (found && errE != nil) ||
		!bytes.Equal(got, want) {
		d.t.Fatalf("%sGet %q: engine %d bytes, %v, model %d bytes, %v",
			where, key, len(got), errE, len(want), found)
	}
}

// batch runs up to 64 operations in one call.
func (d *differ) batch() {
	d.t.Helper()
	ops := make([]Op, 1+d.rng.IntN(64))
	for i := range ops {
		ops[i] = Op{Code: OpCode(d.rng.IntN(3)), Key: d.key()}
		if ops[i].Code == OpSet {
			ops[i].Value = d.value()
		}
	}
	if n, err := d.db.Batch(ops); err != nil || n != len(ops) {
		d.t.Fatalf("batch: %d of %d, %v", n, len(ops), err)
	}
	for _, op := range ops {
		found, err := true, error(nil)
		switch op.Code {
		case OpGet:
			var want []byte
			if want, found, err = d.model.Get(op.Key); !bytes.Equal(op.Value, want) {
				d.t.Fatalf("batch: Get %q: engine %d bytes, model %d", op.Key, len(op.Value), len(want))
			}
		case OpSet:
			err = d.model.Set(op.Key, op.Value)
		case OpDelete:
			found, err = d.model.Delete(op.Key)
		}
		if err != nil || errors.Is(op.Err, ErrNotFound) == found {
			d.t.Fatalf("batch: operation %d on %q: engine %v, model %v, %v",
				op.Code, op.Key, op.Err, found, err)
		}
	}
}

// end commits or aborts transaction i on both sides.
func (d *differ) end(i int) {
	d.t.Helper()
	txn := d.txns[i]
	d.txns = append(d.txns[:i], d.txns[i+1:]...)
	if d.rng.IntN(4) == 0 {
		if errE, errM := txn.engine.Abort(), txn.model.Abort(); errE != nil || errM != nil {
			d.t.Fatalf("Abort: engine %v, model %v", errE, errM)
		}
		return
	}
	errE := txn.engine.Commit()
	if errors.Is(errE, ErrConflict) {
		d.conflicts++
		_ = txn.model.Abort()
		return
	}
	d.commits++
	if errM := txn.model.Commit(); errE != nil || errM != nil {
		d.t.Fatalf("Commit: engine %v, model %v", errE, errM)
	}
}
