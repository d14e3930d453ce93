package redolog

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFillWithZeros allocates where the file system cannot: what is there stays, the rest is zeros.
func TestFillWithZeros(t *testing.T) {
	dir := t.TempDir()
	file, err := OS(dir).Create("a")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt([]byte("text"), 0); err != nil {
		t.Fatal(err)
	}
	const size = readChunkBytes*2 + 5
	if err := file.(osFile).fillWithZeros(size); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "a"))
	if err != nil || len(text) != size || string(text[:4]) != "text" || zeros(text[4:]) != size-4 {
		t.Errorf("%d bytes that begin %q, %v", len(text), text[:4], err)
	}
	if err := file.(osFile).fillWithZeros(10); err != nil {
		t.Error(err)
	}
	if got, err := file.SizeBytes(); got != size || err != nil {
		t.Errorf("allocating less made it %d bytes, %v", got, err)
	}
}

// TestOSFile does with a file what the log does.
func TestOSFile(t *testing.T) {
	dir := t.TempDir()
	fs := OS(dir)
	file, err := fs.Create("a.tmp")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(file.Allocate(10_000), file.Sync(), fs.Rename("a.tmp", "a"), fs.Sync()); err != nil {
		t.Fatal(err)
	}
	if size, err := file.SizeBytes(); size != 10_000 || err != nil {
		t.Errorf("%d bytes, %v", size, err)
	}
	if _, err := file.WriteAt([]byte("text"), 5000); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(file.Sync(), file.DropCache(), file.Close()); err != nil {
		t.Fatal(err)
	}
	if file, err = fs.Open("a", false); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 5)
	if _, err := file.ReadAt(text, 5000); err != nil || !bytes.Equal(text, []byte("text\x00")) {
		t.Errorf("read %q, %v", text, err)
	}
	if _, err := file.WriteAt(text, 0); err == nil {
		t.Error("wrote to a file that was opened to be read")
	}
	if names, err := fs.List(); err != nil || len(names) != 1 || names[0] != "a" {
		t.Errorf("found %v, %v", names, err)
	}
	if err := errors.Join(file.Close(), fs.Remove("a")); err != nil {
		t.Error(err)
	}
}

func TestOSLock(t *testing.T) {
	fs := OS(t.TempDir())
	if _, err := fs.Lock(lockName, false); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("locked a file that is not there: %v", err)
	}
	lock, err := fs.Lock(lockName, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, create := range []bool{false, true} {
		if _, err := fs.Lock(lockName, create); !errors.Is(err, ErrLocked) {
			t.Errorf("locked twice: %v", err)
		}
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if lock, err = fs.Lock(lockName, false); err != nil {
		t.Fatal(err)
	}
	lock.Close()
}

func TestIgnoringEINTR(t *testing.T) {
	calls := 0
	err := ignoringEINTR(func() error {
		calls++
		if calls < maxInterrupts {
			return os.NewSyscallError("x", unix.EINTR)
		}
		return nil
	})
	if err != nil || calls != maxInterrupts {
		t.Errorf("%d calls, %v", calls, err)
	}
	calls = -1
	if err := ignoringEINTR(func() error { calls++; return unix.EINTR }); !errors.Is(err, unix.EINTR) {
		t.Errorf("%d calls, %v; want it to give up", calls, err)
	}
}
