package affinity

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// OnThread runs f on a thread that ends with it, as what f does to the thread must not happen
// to those that Go uses again. It is never the program's first thread: that one stands for the
// whole program in the eyes of others.
func OnThread(f func() error) error {
	done := make(chan error)
	go func() { // ends with f
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			err := OnThread(f) // cannot be this thread, which is taken
			runtime.UnlockOSThread()
			done <- err
			return
		}
		done <- f() // and, locked, the thread ends with the goroutine
	}()
	return <-done
}
