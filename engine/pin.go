package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// pinnedMaps hold a store. The last one is pinned last: where it is, they all are.
var pinnedMaps = []string{
	"bpfdb_heap", "bpfdb_index", "bpfdb_shards", "bpfdb_marks", "bpfdb_scratches", "bpfdb_txns", "bpfdb_conns",
	"bpfdb_log", "bpfdb_log_marks", "bpfdb_control",
}

// DefaultPinRoot is where BPF filesystems are mounted by convention.
const DefaultPinRoot = "/sys/fs/bpf"

// pins is the directory that keeps a store in the kernel. It is locked while an engine uses it.
type pins struct {
	dir      string
	lock     *os.File
	complete bool // it holds a whole store, which stays
}

// openPins locks the directory of Options.Pin, and opens the maps of the store that is there: nil if none is.
func (db *DB) openPins() (map[string]*ebpf.Map, error) {
	dir := db.options.Pin
	if dir == "" {
		return nil, nil
	}
	if err := makePinDir(dir); err != nil {
		return nil, err
	}
	lock, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("pin: %w", err)
	}
	db.pins = &pins{dir: dir, lock: lock}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		db.pins.complete = true // somebody else's
		return nil, fmt.Errorf("%w: another process uses %s", ErrPinned, dir)
	}
	if _, err := os.Lstat(filepath.Join(dir, pinnedMaps[len(pinnedMaps)-1])); errors.Is(err, fs.ErrNotExist) {
		return nil, db.pins.remove() // what an attempt that was cut short has left
	}
	db.pins.complete = true
	found := map[string]*ebpf.Map{}
	for _, name := range pinnedMaps {
		if found[name], err = ebpf.LoadPinnedMap(filepath.Join(dir, name), nil); err != nil {
			closeMaps(found)
			return nil, fmt.Errorf("%w: %s: %w", ErrPinned, name, err)
		}
	}
	return found, nil
}

// makePinDir makes the directory, and mounts a BPF filesystem at DefaultPinRoot if it is to be there and none is.
func makePinDir(dir string) error {
	var root unix.Statfs_t
	if rel, err := filepath.Rel(DefaultPinRoot, dir); err == nil && filepath.IsLocal(rel) {
		if err := unix.Statfs(DefaultPinRoot, &root); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrUnsupported, DefaultPinRoot, err)
		}
		if root.Type != unix.BPF_FS_MAGIC {
			if err := unix.Mount("bpf", DefaultPinRoot, "bpf", 0, "mode=0700"); err != nil {
				return fmt.Errorf("%w: mount a BPF filesystem at %s: %w", ErrUnsupported, DefaultPinRoot, err)
			}
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("pin: %w", err)
	}
	if err := unix.Statfs(dir, &root); err != nil {
		return fmt.Errorf("pin: %s: %w", dir, err)
	}
	if root.Type != unix.BPF_FS_MAGIC {
		err := fmt.Errorf("%w: %s is not in a BPF filesystem (mount -t bpf bpf DIR)", ErrOptions, dir)
		return errors.Join(err, os.Remove(dir))
	}
	return nil
}

// pin keeps the store in the kernel from now on, whatever becomes of this process.
func (db *DB) pin() error {
	if db.pins == nil || db.pins.complete {
		return nil
	}
	for _, name := range pinnedMaps {
		if err := db.collection.Maps[name].Pin(filepath.Join(db.pins.dir, name)); err != nil {
			return fmt.Errorf("pin: %w", err)
		}
	}
	db.pins.complete = true
	return nil
}

// Unpin takes the pins away: the store goes with the engine.
func (db *DB) Unpin() error {
	if db.pins == nil {
		return nil
	}
	db.pins.complete = false
	return db.pins.remove()
}

func (p *pins) remove() error {
	var errs []error
	for _, name := range slices.Backward(pinnedMaps) {
		if err := os.Remove(filepath.Join(p.dir, name)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// close leaves a whole store where it is, and nothing else.
func (p *pins) close() error {
	if p == nil {
		return nil
	}
	if p.complete {
		return p.lock.Close()
	}
	return errors.Join(p.remove(), os.Remove(p.dir), p.lock.Close())
}

func closeMaps(all map[string]*ebpf.Map) {
	for m := range maps.Values(all) {
		m.Close()
	}
}
