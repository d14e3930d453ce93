//go:build delay

package server

import (
	"strconv"
	"time"
)

// delayNS is what every batch of requests on the user path is held up by, in nanoseconds.
// The linker sets it (-ldflags "-X bpfdb/engine/server.delayNS=..."), so that a build with a
// known slowdown can be put before the regression gate. A server for users has no such
// knob: this file is not in it.
var delayNS = "0"

var delayTime = parseDelay(delayNS)

func parseDelay(text string) time.Duration {
	ns, err := strconv.ParseInt(text, 10, 64)
	if err != nil || ns < 0 {
		panic("server: delayNS is " + strconv.Quote(text) + ", want nanoseconds")
	}
	return time.Duration(ns)
}

// delay spins: the server is busy, as with work of that length, and not merely late.
func delay() {
	for start := time.Now(); time.Since(start) < delayTime; {
	}
}
