package engine

import (
	"fmt"
	"os"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// mapping is an ARRAY map mapped into this process; T is its value.
type mapping[T any] struct {
	memory []byte
	stride int
}

// mapArray maps all values of m, which must be an ARRAY of T with BPF_F_MMAPABLE.
func mapArray[T any](m *ebpf.Map) (mapping[T], error) {
	var value T
	if int(m.ValueSize()) != int(unsafe.Sizeof(value)) {
		return mapping[T]{}, fmt.Errorf("map %s: its values have %d bytes, Go's have %d",
			m, m.ValueSize(), unsafe.Sizeof(value))
	}
	stride := (int(m.ValueSize()) + 7) &^ 7 // the kernel rounds elements up
	page := os.Getpagesize()
	size := (stride*int(m.MaxEntries()) + page - 1) &^ (page - 1)
	memory, err := unix.Mmap(m.FD(), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return mapping[T]{}, fmt.Errorf("mmap %s: %w", m, err)
	}
	return mapping[T]{memory, stride}, nil
}

// at is element i, shared with the kernel.
func (m mapping[T]) at(i int) *T {
	return (*T)(unsafe.Pointer(&m.memory[i*m.stride]))
}

func (m *mapping[T]) unmap() error {
	if m.memory == nil {
		return nil
	}
	err := unix.Munmap(m.memory)
	m.memory = nil
	return err
}
