// Package cgroup2 finds the cgroup v2 hierarchy, where sockops programs attach.
package cgroup2

import (
	"errors"
	"fmt"

	"bpfdb/internal/mounts"
)

// ErrNotMounted says that this process sees no cgroup2 mount; the message names the remedy.
var ErrNotMounted = errors.New("no cgroup2 filesystem is mounted (mount -t cgroup2 none /sys/fs/cgroup)")

// Root returns the mount point of the cgroup2 hierarchy as this process sees it. On machines that
// mount several, the one showing the hierarchy's own root wins over bind mounts of a part.
func Root() (string, error) {
	found, err := mounts.OfType("cgroup2")
	if err != nil {
		return "", fmt.Errorf("find cgroup2: %w", err)
	}
	return choose(found)
}

func choose(found []mounts.Mount) (string, error) {
	if len(found) == 0 {
		return "", ErrNotMounted
	}
	for _, m := range found {
		if m.Root == "/" {
			return m.Point, nil
		}
	}
	return found[0].Point, nil
}
