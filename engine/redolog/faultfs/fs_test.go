package faultfs_test

import (
	"bytes"
	"errors"
	"io/fs"
	"testing"

	"golang.org/x/sys/unix"

	"bpfdb/engine/redolog"
	"bpfdb/engine/redolog/faultfs"
)

const seeds = 200

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// create makes a durable file of one byte repeated.
func create(t *testing.T, f *faultfs.FS, name string, size int, c byte) redolog.File {
	t.Helper()
	file, err := f.Create(name)
	must(t, err)
	_, err = file.WriteAt(bytes.Repeat([]byte{c}, size), 0)
	must(t, err)
	must(t, file.Sync())
	must(t, f.Sync())
	return file
}

func read(t *testing.T, f *faultfs.FS, name string) []byte {
	t.Helper()
	file, err := f.Open(name, false)
	must(t, err)
	size, err := file.SizeBytes()
	must(t, err)
	text := make([]byte, size)
	_, err = file.ReadAt(text, 0)
	must(t, err)
	return text
}

// TestUnsyncedPages overwrites three pages: each sector is old or new, whole pages are kept and lost, and pages are
// torn.
func TestUnsyncedPages(t *testing.T) {
	var kept, lost, torn int
	for seed := range uint64(seeds) {
		f := faultfs.New(seed)
		file := create(t, f, "a", 3*4096, 'o')
		_, err := file.WriteAt(bytes.Repeat([]byte{'n'}, 3*4096), 0)
		must(t, err)
		f.Crash()
		if _, err := file.WriteAt([]byte{1}, 0); !errors.Is(err, faultfs.ErrCrashed) {
			t.Fatalf("write after a crash: %v", err)
		}
		f.Restart()
		if _, err := file.ReadAt(make([]byte, 1), 0); !errors.Is(err, faultfs.ErrCrashed) {
			t.Fatalf("read through a handle from before the crash: %v", err)
		}
		text := read(t, f, "a")
		for page := range 3 {
			fresh := 0
			for sector := range 8 {
				s := text[page*4096+sector*512:][:512]
				if n := bytes.Count(s, []byte{'n'}); n == 512 {
					fresh++
				} else if n != 0 {
					t.Fatalf("seed %d: a sector is a mixture", seed)
				}
			}
			switch fresh {
			case 0:
				lost++
			case 8:
				kept++
			default:
				torn++
			}
		}
	}
	if min(kept, lost, torn) < seeds/10 {
		t.Errorf("%d pages kept, %d lost, %d torn", kept, lost, torn)
	}
}

// TestUnsyncedNames renames, removes and creates without a sync: any of it may be lost, but what was synced stays.
func TestUnsyncedNames(t *testing.T) {
	found := map[string]int{}
	for seed := range uint64(seeds) {
		f := faultfs.New(seed)
		create(t, f, "synced", 10, 's')
		create(t, f, "old", 10, 'o')
		create(t, f, "removed", 10, 'r')
		must(t, f.Rename("old", "new"))
		must(t, f.Remove("removed"))
		_, err := f.Create("created")
		must(t, err)
		f.Crash()
		f.Restart()
		names, err := f.List()
		must(t, err)
		for _, name := range names {
			found[name]++
		}
		if text := string(read(t, f, "synced")); text != "ssssssssss" {
			t.Fatalf("seed %d: %q", seed, text)
		}
	}
	if found["synced"] != seeds || found["old"]+found["new"] != seeds {
		t.Errorf("found %v", found)
	}
	for _, name := range []string{"old", "new", "removed", "created"} {
		if n := found[name]; n < seeds/10 || n > seeds*9/10 {
			t.Errorf("%s was there %d times of %d", name, n, seeds)
		}
	}
}

// TestFailedSync fails an fsync: the next succeeds, the cache still has the new pages, but the disk may not.
func TestFailedSync(t *testing.T) {
	lost := 0
	for seed := range uint64(seeds) {
		f := faultfs.New(seed)
		file := create(t, f, "a", 4096, 'o')
		_, err := file.WriteAt([]byte("new"), 0)
		must(t, err)
		f.Set(faultfs.Faults{SyncError: 1})
		if err := file.Sync(); !errors.Is(err, unix.EIO) {
			t.Fatalf("sync: %v", err)
		}
		f.Set(faultfs.Faults{})
		must(t, file.Sync())
		if text := read(t, f, "a"); string(text[:3]) != "new" {
			t.Fatalf("cached is %q", text[:3])
		}
		must(t, file.DropCache())
		before := string(read(t, f, "a")[:3])
		f.Crash()
		f.Restart()
		if after := string(read(t, f, "a")[:3]); after != before {
			t.Fatalf("on disk was %q, after a crash %q", before, after)
		}
		if before == "ooo" {
			lost++
		}
	}
	if lost < seeds/10 || lost > seeds*9/10 {
		t.Errorf("%d of %d were lost", lost, seeds)
	}
}

func TestSpace(t *testing.T) {
	f := faultfs.New(0)
	f.Set(faultfs.Faults{SpaceBytes: 100})
	file, err := f.Create("a")
	must(t, err)
	if n, err := file.WriteAt(make([]byte, 101), 0); n != 100 || !errors.Is(err, unix.ENOSPC) {
		t.Errorf("wrote %d bytes of 101 into 100: %v", n, err)
	}
	_, err = file.WriteAt(make([]byte, 100), 0)
	must(t, err)
	other, err := f.Create("b")
	must(t, err)
	if err := other.Allocate(1); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("allocate on a full disk: %v", err)
	}
	must(t, f.Remove("a"))
	must(t, other.Allocate(100))
}

// TestCrashAfter crashes in the call it was told.
func TestCrashAfter(t *testing.T) {
	for after := 1; after <= 4; after++ {
		f := faultfs.New(0)
		f.Set(faultfs.Faults{CrashAfter: after})
		calls := []func() error{
			func() error { _, err := f.Create("a"); return err }, f.Sync,
			func() error { return f.Rename("a", "b") }, func() error { return f.Remove("b") },
		}
		for n, call := range calls {
			err := call()
			if n+1 < after && err != nil || n+1 == after && !errors.Is(err, faultfs.ErrCrashed) {
				t.Errorf("crash after %d: call %d: %v", after, n+1, err)
			}
		}
		if !f.Crashed() {
			t.Errorf("crash after %d: did not", after)
		}
	}
}

func TestLock(t *testing.T) {
	f := faultfs.New(0)
	lock, err := f.Lock("LOCK", true)
	must(t, err)
	if _, err := f.Lock("LOCK", true); !errors.Is(err, redolog.ErrLocked) {
		t.Errorf("locked twice: %v", err)
	}
	must(t, lock.Close())
	_, err = f.Lock("LOCK", true)
	must(t, err)
	f.Restart()
	_, err = f.Lock("LOCK", true)
	must(t, err)
}

func TestMissing(t *testing.T) {
	f := faultfs.New(0)
	_, err := f.Open("a", false)
	for _, err := range []error{err, f.Rename("a", "b"), f.Remove("a")} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v, want %v", err, fs.ErrNotExist)
		}
	}
}
