package kerneltest

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"bpfdb/internal/cgroup2"
	"bpfdb/internal/mounts"
)

// cgroupHooks are the attach points a key-value server could want on a cgroup.
var cgroupHooks = []ebpf.AttachType{
	ebpf.AttachCGroupSockOps, ebpf.AttachCGroupInetIngress, ebpf.AttachCGroupInetEgress,
	ebpf.AttachCGroupInetSockCreate, ebpf.AttachCgroupInetSockRelease,
	ebpf.AttachCGroupInet4Connect, ebpf.AttachCGroupInet6Connect,
	ebpf.AttachCGroupGetsockopt, ebpf.AttachCGroupSetsockopt,
}

// listAttachments finds the programs attached anywhere in the cgroup2 tree. Attachments made without
// a link survive every process, and the list of links does not show them.
func listAttachments() (map[Object]bpfRef, error) {
	root, err := cgroup2.Root()
	if errors.Is(err, cgroup2.ErrNotMounted) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	found := map[Object]bpfRef{}
	err = walkExisting(root, func(path string, entry fs.DirEntry) error {
		if !entry.IsDir() {
			return nil
		}
		return addAttachedTo(path, found)
	})
	return found, err
}

func addAttachedTo(cgroup string, found map[Object]bpfRef) error {
	dir, err := os.Open(cgroup)
	if err != nil {
		return err
	}
	defer dir.Close()
	for _, hook := range cgroupHooks {
		result, err := link.QueryPrograms(link.QueryOptions{Target: int(dir.Fd()), Attach: hook})
		if err != nil {
			return fmt.Errorf("query %v on cgroup %s: %w", hook, cgroup, err)
		}
		for _, p := range result.Programs {
			o := Object{Attachment, fmt.Sprintf("%s %v program %d", cgroup, hook, p.ID), ""}
			found[o] = bpfRef{Program, uint32(p.ID)}
		}
	}
	return nil
}

// listPins finds all pins, and who mounted the filesystem if it is a BPFFS.
func listPins() (map[Object][]process, error) {
	mounted, err := mounts.OfType("bpf")
	if err != nil {
		return nil, err
	}
	found := map[Object][]process{}
	for _, m := range mounted {
		by := mounter(m)
		err := walkExisting(m.Point, func(path string, entry fs.DirEntry) error {
			// The kernel puts these two into every bpffs itself.
			if path != m.Point && entry.Name() != "maps.debug" && entry.Name() != "progs.debug" {
				found[Object{Pin, path, entry.Name()}] = by
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// walkExisting visits a tree that others change meanwhile: what vanishes is passed over.
func walkExisting(root string, visit func(path string, entry fs.DirEntry) error) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = visit(path, entry)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

// listNetNS lists the namespaces that `ip netns` names; nameless ones end with their processes.
func listNetNS() ([]Object, error) {
	entries, err := os.ReadDir("/run/netns")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var found []Object
	for _, e := range entries {
		found = append(found, Object{NetNS, filepath.Join("/run/netns", e.Name()), e.Name()})
	}
	return found, err
}

func listInterfaces() ([]Object, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var found []Object
	for _, i := range interfaces {
		found = append(found, Object{Interface, fmt.Sprint(i.Index), i.Name})
	}
	return found, nil
}
