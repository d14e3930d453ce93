package workloads

import (
	"bytes"
	"compress/flate"
	"errors"
	"math"
	"testing"
)

func TestValueVerifies(t *testing.T) {
	for size := MinValueBytes; size < 200; size++ {
		checkValue(t, uint64(size)*0x123456789abcdef, uint32(size)<<20, size)
	}
	checkValue(t, math.MaxUint64, math.MaxUint32, MaxValueBytes)
	checkValue(t, 0, 0, 1000)
}

func checkValue(t *testing.T, key uint64, version uint32, size int) {
	t.Helper()
	value := AppendValue([]byte("before"), key, version, size)
	if string(value[:6]) != "before" || len(value) != 6+size {
		t.Fatalf("size %d: appended %d bytes to 6", size, len(value)-6)
	}
	value = value[6:]
	if err := VerifyValue(value, key); err != nil {
		t.Errorf("size %d: %v", size, err)
	}
	if err := VerifyValue(value, key+1); !errors.Is(err, ErrValueKey) {
		t.Errorf("size %d: other key gives %v, want %v", size, err, ErrValueKey)
	}
	for i, b := range value {
		if b < '0' || b > 'o' {
			t.Fatalf("size %d: byte %d is %q, not printable", size, i, b)
		}
	}
}

// TestValueDamage flips every byte, cuts at every length and mixes two versions at every
// boundary: none may pass.
func TestValueDamage(t *testing.T) {
	const key, size = 77, 100
	value, other := AppendValue(nil, key, 1, size), AppendValue(nil, key, 2, size)
	for i := range value {
		damaged := bytes.Clone(value)
		damaged[i] ^= 1
		if VerifyValue(damaged, key) == nil {
			t.Errorf("flip in byte %d passes", i)
		}
		if VerifyValue(value[:i], key) == nil {
			t.Errorf("first %d bytes pass", i)
		}
		torn := append(bytes.Clone(value[:i]), other[i:]...)
		if i > keyChars && VerifyValue(torn, key) == nil {
			t.Errorf("value torn at byte %d passes", i)
		}
	}
	if err := VerifyValue(value[:size-1], key); !errors.Is(err, ErrValueCorrupt) {
		t.Errorf("cut value gives %v, want %v", err, ErrValueCorrupt)
	}
	if err := VerifyValue(nil, key); !errors.Is(err, ErrValueShort) {
		t.Errorf("empty value gives %v, want %v", err, ErrValueShort)
	}
}

// TestValuesDoNotCompress: six bits of entropy in eight leave 75 %, less if there were a
// pattern, across the values of many keys as well as within one.
func TestValuesDoNotCompress(t *testing.T) {
	var plain []byte
	for key := range uint64(100) {
		plain = AppendValue(plain, key, 1, 1000)
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if ratio := float64(packed.Len()) / float64(len(plain)); ratio < 0.74 {
		t.Errorf("values compress to %.2f of their size, want at least 0.74", ratio)
	}
}
