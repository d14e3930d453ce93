package engine

import (
	"encoding/binary"
	"testing"
)

// hashKey restates record.bpf.h's hash, so that tests can choose keys by bucket;
// TestHashKey holds the two together.
func hashKey(seed uint64, key []byte) uint64 {
	hash := seed ^ uint64(len(key))
	for at := 0; at < len(key); at += 8 {
		var word [8]byte
		copy(word[:], key[at:])
		hash = (hash ^ binary.LittleEndian.Uint64(word[:])) * 0x9e3779b97f4a7c15
		hash ^= hash >> 32
	}
	hash ^= hash >> 30
	hash *= 0xbf58476d1ce4e5b9
	hash ^= hash >> 27
	hash *= 0x94d049bb133111eb
	return hash ^ hash>>31
}

// collide finds n keys that share one bucket of an index that has not grown.
func collide(db *DB, bucket uint64, n int) [][]byte {
	var keys [][]byte
	for i := uint64(0); len(keys) < n; i++ {
		key := binary.LittleEndian.AppendUint64(nil, i)
		if hashKey(db.options.HashSeed, key)&(1<<indexSegmentShift-1) == bucket {
			keys = append(keys, key)
		}
	}
	return keys
}

func TestHashKey(t *testing.T) {
	db := openShared(t)
	for _, key := range []string{"", "a", "12345678", "123456789", string(make([]byte, MaxKey))} {
		area, err := db.ClaimArea()
		if err != nil {
			t.Fatal(err)
		}
		ops := []Op{{Code: OpGet, Key: []byte(key)}}
		if _, err := area.stage(ops); err != nil {
			t.Fatal(err)
		}
		_, err = area.operate(txnRef{}, ops)
		got := area.scratch.Key.Hash
		area.Release()
		if err != nil {
			t.Fatal(err)
		}
		if want := hashKey(1, []byte(key)); got != want {
			t.Errorf("%q: the kernel's hash is %#x, the test's %#x", key, got, want)
		}
	}
}
