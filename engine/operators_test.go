package engine

import (
	"bytes"
	"errors"
	"testing"
)

func TestGetSetDelete(t *testing.T) {
	db := open(t, Options{})
	key := []byte("k")
	if _, err := db.Get(key); !errors.Is(err, ErrNotFound) {
		t.Fatalf("Get of a missing key: got %v, want ErrNotFound", err)
	}
	for _, size := range []int{0, 1, 7, 8, 63, 64, 65, 512, 4096, MaxValue} {
		value := bytes.Repeat([]byte{'a' + byte(size%26)}, size)
		if err := db.Set(key, value); err != nil {
			t.Fatalf("Set of %d bytes: %v", size, err)
		}
		if got, err := db.Get(key); err != nil || !bytes.Equal(got, value) {
			t.Fatalf("Get of %d bytes: got %d bytes, %v", size, len(got), err)
		}
	}
	if n := db.Len(); n != 1 {
		t.Errorf("Len: got %d, want 1", n)
	}
	if was, err := db.Delete(key); err != nil || !was {
		t.Errorf("Delete: got %v, %v", was, err)
	}
	if was, err := db.Delete(key); err != nil || was {
		t.Errorf("second Delete: got %v, %v", was, err)
	}
	if s := db.Stats(); s.Keys != 0 || s.Used != 0 {
		t.Errorf("after Delete: got %d keys in %d bytes, want none", s.Keys, s.Used)
	}
}
