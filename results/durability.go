package results

import "time"

// Checkpoint is one that was written while the load went on.
type Checkpoint struct {
	BeginNS int64 `json:"begin_ns"` // after the start of the measured phase, BGSAVE was sent
	EndNS   int64 `json:"end_ns"`   // the server said that it is done
}

// Recovery is what a server did between its end and being of use again. The trial's Ops are
// the keys it then held and its duration is NS.
type Recovery struct {
	StopNS int64 `json:"stop_ns"` // from the signal to the end of the process
	// NS is from the new start until the server answered and held its keys.
	NS   int64  `json:"ns"`
	Lost uint64 `json:"lost"` // keys that were acknowledged before and are gone
}

// Window is the length of the trial's windows.
func (t *Trial) Window() time.Duration {
	if t.WindowNS == 0 {
		return time.Second
	}
	return time.Duration(t.WindowNS)
}
