package kerneltest

import (
	"testing"
	"time"
)

// FreeTimeout bounds the wait for the kernel to free what was let go: programs and maps are freed
// after RCU grace periods and from work queues, not inside close().
const FreeTimeout = 5 * time.Second

const freePoll = 50 * time.Millisecond

// LeftBehind compares the kernel with an earlier snapshot until nothing new is left or FreeTimeout
// is over, and returns what still is, described with owners. A prefix other than "" restricts it to
// objects so named.
func LeftBehind(before Inventory, prefix string) ([]string, error) {
	return leftBehind(before, prefix, FreeTimeout)
}

func leftBehind(before Inventory, prefix string, timeout time.Duration) ([]string, error) {
	deadline := time.Now().Add(timeout)
	for {
		after, err := Snapshot()
		if err != nil {
			return nil, err
		}
		found := Named(Leaks(before, after), prefix)
		if len(found) == 0 {
			return nil, nil
		}
		if time.Now().After(deadline) {
			var described []string
			for _, o := range found {
				described = append(described, after.Describe(o))
			}
			return described, nil
		}
		time.Sleep(freePoll)
	}
}

// VerifyClean fails the test if it leaves in the kernel anything named with the prefix ("" for
// anything at all) that was not there at this call. Call it first: cleanups run in reverse order,
// so it looks after the test's own have run.
func VerifyClean(t testing.TB, prefix string) {
	t.Helper()
	before, err := Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		left, err := LeftBehind(before, prefix)
		if err != nil {
			t.Error(err)
		}
		for _, o := range left {
			t.Errorf("left in the kernel: %s", o)
		}
	})
}
