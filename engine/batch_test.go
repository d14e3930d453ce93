package engine

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

func numbered(i int) []byte { return fmt.Appendf(nil, "key %06d", i) }

// fill writes keys [from, to) with values of the given size that begin with the key.
func fill(db *DB, from, to, valueBytes int) (int, error) {
	ops := make([]Op, to-from)
	for i := range ops {
		value := make([]byte, valueBytes)
		copy(value, numbered(from+i))
		ops[i] = Op{Code: OpSet, Key: numbered(from + i), Value: value}
	}
	return db.Batch(ops)
}

// checkFilled reads what fill wrote.
func checkFilled(t *testing.T, db *DB, from, to, valueBytes int) {
	t.Helper()
	ops := make([]Op, to-from)
	for i := range ops {
		ops[i] = Op{Code: OpGet, Key: numbered(from + i)}
	}
	if n, err := db.Batch(ops); err != nil || n != len(ops) {
		t.Fatalf("read %d of %d: %v", n, len(ops), err)
	}
	want := make([]byte, valueBytes)
	for i, op := range ops {
		copy(want, op.Key)
		if op.Err != nil || !bytes.Equal(op.Value, want) {
			t.Fatalf("key %d: got %d bytes %.20q, %v", from+i, len(op.Value), op.Value, op.Err)
		}
	}
}

// TestBatchSizes runs batches larger than the request buffer, the reply buffer and the
// most operations of one program run.
func TestBatchSizes(t *testing.T) {
	db := openShared(t)
	for _, tt := range []struct{ ops, valueBytes int }{
		{0, 0}, {1, 16}, {maxBatch, 16}, {maxBatch + 1, 16}, {3*maxBatch + 5, 16},
		{3000, 1000}, {40, MaxValue},
	} {
		if n, err := fill(db, 0, tt.ops, tt.valueBytes); err != nil || n != tt.ops {
			t.Fatalf("%d values of %d bytes: %d done, %v", tt.ops, tt.valueBytes, n, err)
		}
		checkFilled(t, db, 0, tt.ops, tt.valueBytes)
	}
}

func TestBatchErrors(t *testing.T) {
	db := openShared(t)
	large, longest := make([]byte, MaxKey+1), make([]byte, MaxValue+1)
	set := Op{Code: OpSet, Key: []byte("k"), Value: []byte("v")}
	get := Op{Code: OpGet, Key: []byte("k")}
	del := Op{Code: OpDelete, Key: []byte("k")}
	for _, tt := range []struct {
		name string
		ops  []Op
		done int
		err  error
		errs []error // of the operations done
	}{
		{"order", []Op{get, del, set, get, del, get}, 6, nil,
			[]error{ErrNotFound, ErrNotFound, nil, nil, nil, ErrNotFound}},
		{"large key first", []Op{{Code: OpGet, Key: large}, get}, 0, ErrKeyTooLarge, nil},
		{"large key later", []Op{set, get, {Code: OpDelete, Key: large}, del}, 2, ErrKeyTooLarge,
			[]error{nil, nil}},
		{"large value", []Op{get, {Code: OpSet, Key: get.Key, Value: longest}}, 1, ErrValueTooLarge,
			[]error{nil}},
	} {
		done, err := db.Batch(tt.ops)
		if done != tt.done || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %d done, %v, want %d, %v", tt.name, done, err, tt.done, tt.err)
		}
		for i, want := range tt.errs {
			if got := tt.ops[i].Err; !errors.Is(got, want) {
				t.Errorf("%s: operation %d: got %v, want %v", tt.name, i, got, want)
			}
		}
	}
}

// TestBatchGrows fills three heap segments in one call while nothing grows them ahead.
func TestBatchGrows(t *testing.T) {
	db := openQuiet(t, Options{MemoryBytes: 4 * segmentBytes})
	const keys, valueBytes = 2500, MaxValue
	if n, err := fill(db, 0, keys, valueBytes); err != nil || n != keys {
		t.Fatalf("%d done, %v", n, err)
	}
	checkFilled(t, db, 0, keys, valueBytes)
	if s := db.Stats(); s.Reserved < 3*segmentBytes || s.Counters["grow"] == 0 {
		t.Errorf("reserved %d bytes, asked %d times to grow", s.Reserved, s.Counters["grow"])
	}
}
