package engine

import (
	"encoding/binary"
	"testing"
)

// hashKey restates record.bpf.h's hash, so that tests can choose keys by bucket;
// TestHashKey holds the two together.
func hashKey(db *DB, key []byte) uint64 {
	secret := db.control.at(0).HashKey
	hash := uint64(len(key))
	for i := 0; i*8 < len(key); i++ {
		var word [8]byte
		copy(word[:], key[i*8:])
		low, high := binary.LittleEndian.Uint32(word[:]), binary.LittleEndian.Uint32(word[4:])
		hash += uint64(low+uint32(secret[i])) * uint64(high+uint32(secret[i]>>32))
	}
	hash ^= hash >> 30
	hash *= 0xbf58476d1ce4e5b9
	hash ^= hash >> 27
	hash *= 0x94d049bb133111eb
	return hash ^ hash>>31
}

// collideWholly makes n keys with the same hash, for which it needs the secret: a first factor of 0
// hides the second.
func collideWholly(db *DB, n int) [][]byte {
	keys := make([][]byte, n)
	for i := range keys {
		keys[i] = binary.LittleEndian.AppendUint32(nil, -uint32(db.control.at(0).HashKey[0]))
		keys[i] = binary.LittleEndian.AppendUint32(keys[i], uint32(i))
	}
	return keys
}

// collide finds n keys that share one bucket of an index that has not grown.
func collide(db *DB, bucket uint64, n int) [][]byte {
	var keys [][]byte
	for i := uint64(0); len(keys) < n; i++ {
		key := binary.LittleEndian.AppendUint64(nil, i)
		if hashKey(db, key)&(1<<indexSegmentShift-1) == bucket {
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
		if want := hashKey(db, []byte(key)); got != want {
			t.Errorf("%q: the kernel's hash is %#x, the test's %#x", key, got, want)
		}
	}
}
