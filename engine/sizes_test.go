package engine

import (
	"bytes"
	"testing"
)

const recordHeader = 24 // sizeof(struct record)

// classSizes lists the heap's block sizes as bpf/bpfdb.h promises them: 16-byte steps to
// 512 bytes, then 8 steps per doubling.
func classSizes() []int {
	var sizes []int
	for size := 16; size <= 512; size += 16 {
		sizes = append(sizes, size)
	}
	for base := 512; base < 1<<16; base *= 2 {
		for step := 1; step <= 8; step++ {
			sizes = append(sizes, base+step*base/8)
		}
	}
	return sizes
}

// blockBytes is the block a record takes.
func blockBytes(key, value int) int64 {
	need := recordHeader + (key+7)&^7 + (value+7)&^7
	for _, size := range append(classSizes(), 1<<16+1<<13) {
		if size >= need {
			return int64(size)
		}
	}
	return -1
}

// TestSizeClasses stands on both sides of every block size: each record takes the smallest
// block that holds it, keeps its neighbours intact, and gives it back.
func TestSizeClasses(t *testing.T) {
	db := openShared(t)
	before, key, after := []byte("neighbr1"), []byte("thekey00"), []byte("neighbr2")
	mustSet(t, db, before, before)
	for _, size := range classSizes() {
		for _, length := range []int{size - recordHeader - len(key), size - recordHeader - len(key) + 1} {
			if length < 0 || length > MaxValue {
				continue
			}
			rest := db.Stats().Used
			value := bytes.Repeat([]byte{byte(size>>4) | 1}, length)
			mustSet(t, db, key, value)
			mustSet(t, db, after, after)
			if got, want := db.Stats().Used-rest, blockBytes(8, length)+blockBytes(8, 8); got != want {
				t.Errorf("value of %d bytes: takes %d bytes, want %d", length, got, want)
			}
			for _, k := range [][]byte{before, after} {
				if got, err := db.Get(k); err != nil || !bytes.Equal(got, k) {
					t.Fatalf("beside a value of %d bytes: got %q, %v", length, got, err)
				}
			}
			if got, err := db.Get(key); err != nil || !bytes.Equal(got, value) {
				t.Fatalf("value of %d bytes: got %d bytes, %v", length, len(got), err)
			}
			for _, k := range [][]byte{key, after} {
				if was, err := db.Delete(k); err != nil || !was {
					t.Fatalf("delete beside %d bytes: %v, %v", length, was, err)
				}
			}
			if got := db.Stats().Used; got != rest {
				t.Fatalf("value of %d bytes: %d bytes leaked", length, got-rest)
			}
		}
	}
}

// TestKeyLengths tells keys of every length apart, with zero bytes where padding is.
func TestKeyLengths(t *testing.T) {
	db := openShared(t)
	keys := make([][]byte, MaxKey+1)
	for n := range keys {
		keys[n] = make([]byte, n)
		mustSet(t, db, keys[n], bytes.Repeat([]byte{'v'}, n))
	}
	for n, key := range keys {
		if got, err := db.Get(key); err != nil || len(got) != n {
			t.Errorf("key of %d zero bytes: got %d bytes, %v", n, len(got), err)
		}
	}
	if n := db.Len(); n != MaxKey+1 {
		t.Errorf("got %d keys, want %d", n, MaxKey+1)
	}
}
