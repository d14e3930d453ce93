// Package affinity pins threads and processes to processors. What a kernel does on behalf of
// a packet runs where the packet is handled, whoever is pinned where: an in-kernel server
// follows its clients.
package affinity

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrCPUs means that a list of processors cannot be read or is not there.
var ErrCPUs = errors.New("invalid list of processors")

// maxCPU is the highest number a mask of the kernel's default size holds.
const maxCPU = 1023

// Set is a set of processors; nil is all of them.
type Set []int

// Parse reads a list as taskset -c takes it, such as 0,2-3. An empty text is nil, all.
func Parse(text string) (Set, error) {
	if text == "" {
		return nil, nil
	}
	var set Set
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		first, err := strconv.Atoi(from)
		last := first
		if err == nil && isRange {
			last, err = strconv.Atoi(to)
		}
		if err != nil || first < 0 || last < first || last > maxCPU {
			return nil, fmt.Errorf("%w %q: want such as 0,2-3, up to %d", ErrCPUs, text, maxCPU)
		}
		for cpu := first; cpu <= last; cpu++ {
			set = append(set, cpu)
		}
	}
	return set, nil
}

func (s Set) mask() *unix.CPUSet {
	var mask unix.CPUSet
	for _, cpu := range s {
		mask.Set(cpu)
	}
	return &mask
}

// PinThread pins the calling thread and what it starts from now on; it is for OnThread. A nil
// set changes nothing.
func (s Set) PinThread() error {
	if s == nil {
		return nil
	}
	if err := unix.SchedSetaffinity(0, s.mask()); err != nil {
		return fmt.Errorf("%w %v: %w", ErrCPUs, []int(s), err)
	}
	return nil
}

// PinProcess pins every thread this process has; threads to come inherit it. The returned
// function lets them all go where they could before.
func (s Set) PinProcess() (restore func() error, err error) {
	if s == nil {
		return func() error { return nil }, nil
	}
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return nil, fmt.Errorf("read processors: %w", err)
	}
	restore = func() error { return pinAll(&before) }
	if err := pinAll(s.mask()); err != nil {
		return nil, errors.Join(fmt.Errorf("%w %v: %w", ErrCPUs, []int(s), err), restore())
	}
	return restore, nil
}

func pinAll(mask *unix.CPUSet) error {
	return EachThread(func(id int) error { return unix.SchedSetaffinity(id, mask) })
}
