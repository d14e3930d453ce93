package engine

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// ownerPatience is how long the kernel may take to remove the programs of a process that has ended: those in
// sockets go with their maps, from a work queue, and serve clients of this host until then.
const ownerPatience = 10 * time.Second

// awaitOwner returns when no program of the last owner of a pinned store can run any more.
func awaitOwner(control *ebpf.Map) error {
	info, err := control.Info()
	if err != nil {
		return fmt.Errorf("look at the pinned store: %w", err)
	}
	id, _ := info.ID()
	for end := time.Now().Add(ownerPatience); ; time.Sleep(time.Millisecond) {
		left, err := programsUsing(id)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			return awaitRCU()
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w: programs of another process still use it after %v: %s",
				ErrPinned, ownerPatience, strings.Join(left, ", "))
		}
	}
}

// programsUsing returns the names of the engine's own programs that use a map. Programs of others that embed the
// engine may go on.
func programsUsing(id ebpf.MapID) (names []string, err error) {
	for at := ebpf.ProgramID(0); ; {
		if at, err = ebpf.ProgramGetNextID(at); errors.Is(err, os.ErrNotExist) {
			return names, nil
		} else if err != nil {
			return names, fmt.Errorf("list programs: %w", err)
		}
		prog, err := ebpf.NewProgramFromID(at)
		if errors.Is(err, os.ErrNotExist) {
			continue // it has just gone
		} else if err != nil {
			return names, fmt.Errorf("look at program %d: %w", at, err)
		}
		info, err := prog.Info()
		if err == nil && strings.HasPrefix(info.Name, "bpfdb_") {
			if maps, ok := info.MapIDs(); ok && slices.Contains(maps, id) {
				names = append(names, info.Name)
			}
		}
		prog.Close()
	}
}

// awaitRCU returns when what ran in the kernel at the call has ended: a program loses its number before its last run.
func awaitRCU() error {
	const global = 1 // MEMBARRIER_CMD_GLOBAL
	if _, _, errno := unix.Syscall(unix.SYS_MEMBARRIER, global, 0, 0); errno != 0 {
		return fmt.Errorf("membarrier: %w", errno)
	}
	return nil
}
