package host

import (
	"fmt"

	"bpfdb/runners/affinity"

	"golang.org/x/sys/unix"
)

// RaisePriority gives every thread of this process, and what it starts from now on, a nice
// value, so that other programs on the machine get less of the processors meanwhile. The
// kernel's own threads stay as they are. Lowering a nice value needs CAP_SYS_NICE.
func RaisePriority(nice int) error {
	err := affinity.EachThread(func(id int) error { return unix.Setpriority(unix.PRIO_PROCESS, id, nice) })
	if err != nil {
		return fmt.Errorf("raise priority to nice %d: %w", nice, err)
	}
	return nil
}
