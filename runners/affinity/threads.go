package affinity

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// EachThread calls do with the id of every thread of this process, and ends with its first error. It repeats until it
// meets no new thread: one may have been born of a thread that do had not come to. One that has ended is none.
func EachThread(do func(id int) error) error {
	seen := map[int]bool{}
	for {
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		fresh := false
		for _, task := range tasks {
			id, err := strconv.Atoi(task.Name())
			if err != nil || seen[id] {
				continue
			}
			seen[id], fresh = true, true
			if err := do(id); err != nil && !errors.Is(err, unix.ESRCH) {
				return err
			}
		}
		if !fresh {
			return nil
		}
	}
}
