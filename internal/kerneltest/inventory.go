package kerneltest

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Kind says what sort of kernel object an Object is.
type Kind string

// The kinds a snapshot lists.
const (
	Program    Kind = "program"
	Map        Kind = "map"
	Link       Kind = "link"
	Attachment Kind = "cgroup attachment"
	Pin        Kind = "bpffs pin"
	NetNS      Kind = "network namespace"
	Interface  Kind = "network interface"
)

// Object is one thing in the kernel that outlives the call that made it.
type Object struct {
	Kind Kind
	ID   string // kernel id, path or interface index: unique within the kind
	Name string // what its creator called it, if it bears a name
}

func (o Object) String() string { return fmt.Sprintf("%s %s %q", o.Kind, o.ID, o.Name) }

// Inventory is what the kernel held at one moment, and who held it open.
type Inventory struct {
	owners map[Object][]process
}

// Snapshot lists every BPF object, pin, named network namespace and interface of the machine.
// It needs Root. Snapshots of several test processes take turns, as each opens all objects for
// an instant and would pass for their owner.
func Snapshot() (Inventory, error) {
	unlock, err := lockSnapshots()
	if err != nil {
		return Inventory{}, fmt.Errorf("kernel snapshot: %w", err)
	}
	defer unlock()

	inv := Inventory{owners: map[Object][]process{}}
	bpf, err := listBPF()
	if err != nil {
		return Inventory{}, fmt.Errorf("kernel snapshot: %w", err)
	}
	holders, err := bpfHolders(bpf)
	if err != nil {
		return Inventory{}, fmt.Errorf("kernel snapshot: %w", err)
	}
	if err := inv.addPins(bpf, holders); err != nil {
		return Inventory{}, fmt.Errorf("kernel snapshot: %w", err)
	}
	for ref, name := range bpf.names {
		inv.owners[Object{ref.kind, fmt.Sprint(ref.id), name}] = holders[ref]
	}
	attachments, err := listAttachments()
	if err != nil {
		return Inventory{}, fmt.Errorf("kernel snapshot: %w", err)
	}
	for o, prog := range attachments {
		o.Name = bpf.names[prog]
		inv.owners[o] = holders[prog]
	}
	for _, list := range []func() ([]Object, error){listNetNS, listInterfaces} {
		objects, err := list()
		if err != nil {
			return Inventory{}, fmt.Errorf("kernel snapshot: %w", err)
		}
		for _, o := range objects {
			inv.owners[o] = nil
		}
	}
	return inv, nil
}

// Leaks returns what after holds and before does not, in a fixed order. Objects held open only by
// living processes that are neither this one nor its descendants are somebody else's and left
// out, as packages are tested in parallel. Namespaces, interfaces and pins, but for those in a BPFFS, have no
// holder to tell by: tests that make those give them names of their own and look with Named.
func Leaks(before, after Inventory) []Object {
	return leaks(before, after, ourProcesses())
}

func leaks(before, after Inventory, ours map[int]bool) []Object {
	var found []Object
	for o, owners := range after.owners {
		if _, known := before.owners[o]; known {
			continue
		}
		if len(owners) > 0 && !slices.ContainsFunc(owners, func(p process) bool { return ours[p.pid] }) {
			continue
		}
		found = append(found, o)
	}
	slices.SortFunc(found, func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	return found
}

// Named keeps the objects whose name begins with the prefix.
func Named(objects []Object, prefix string) []Object {
	var kept []Object
	for _, o := range objects {
		if strings.HasPrefix(o.Name, prefix) {
			kept = append(kept, o)
		}
	}
	return kept
}

// Describe renders an object with the processes that held it open at the snapshot.
func (inv Inventory) Describe(o Object) string {
	text := o.String()
	for _, p := range inv.owners[o] {
		text += fmt.Sprintf(", held by %s (pid %d)", p.comm, p.pid)
	}
	return text
}

func lockSnapshots() (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(os.TempDir(), "bpfdb-kerneltest.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	return func() { file.Close() }, nil
}
