package cgroup2

import (
	"errors"
	"testing"

	"bpfdb/internal/mounts"
)

func TestChoose(t *testing.T) {
	part := mounts.Mount{Root: "/user.slice", Point: "/mnt/part", FSType: "cgroup2"}
	whole := mounts.Mount{Root: "/", Point: "/sys/fs/cgroup/unified", FSType: "cgroup2"}

	if got, err := choose([]mounts.Mount{part, whole}); err != nil || got != whole.Point {
		t.Errorf("choose(part, whole): got %q, %v, want %q", got, err, whole.Point)
	}
	if got, err := choose([]mounts.Mount{part}); err != nil || got != part.Point {
		t.Errorf("choose(part): got %q, %v, want %q", got, err, part.Point)
	}
	if _, err := choose(nil); !errors.Is(err, ErrNotMounted) {
		t.Errorf("choose(nothing): got %v, want ErrNotMounted", err)
	}
}
