package host

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// RaisePriority gives every thread of this process, and what it starts from now on, a nice
// value, so that other programs on the machine get less of the processors meanwhile. The
// kernel's own threads stay as they are. Lowering a nice value needs CAP_SYS_NICE.
func RaisePriority(nice int) error {
	seen := map[int]bool{}
	for { // until there is no new thread: one may have been born of a thread not yet raised
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("raise priority: %w", err)
		}
		fresh := false
		for _, task := range tasks {
			id, err := strconv.Atoi(task.Name())
			if err != nil || seen[id] {
				continue
			}
			seen[id], fresh = true, true
			if err := unix.Setpriority(unix.PRIO_PROCESS, id, nice); err != nil && err != unix.ESRCH {
				return fmt.Errorf("raise priority to nice %d: %w", nice, err)
			}
		}
		if !fresh {
			return nil
		}
	}
}
