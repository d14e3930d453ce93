package engine

import (
	"runtime"
	"time"
)

const (
	eagerTries   = 100
	backoffSleep = 50 * time.Microsecond
)

// Backoff waits before the n-th repetition of what met contention. A lock is held for microseconds, so at
// first only other goroutines are let run; its holder may also have lost its CPU, and to give that back
// takes sleep.
func Backoff(n int) {
	if n <= eagerTries {
		runtime.Gosched()
	} else {
		time.Sleep(backoffSleep)
	}
}
