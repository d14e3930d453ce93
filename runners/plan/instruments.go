package plan

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"bpfdb/results"
	"bpfdb/runners/driver"
	"bpfdb/runners/spec"
)

// How long an instrumented trial lasts, whatever the experiment's trials do: enough for some
// thousand samples, and bounded where those take minutes.
const (
	instrumentedWarmup   = time.Second
	instrumentedDuration = 5 * time.Second
)

// addInstrumented plans one extra trial of each cell for each instrument that the spec or the
// options ask for. They come after all others and get the load of the first round.
func (p *Plan) addInstrumented(s spec.Spec, systems []string, wanted []string) {
	if !s.Instrumentable() {
		return
	}
	size := s.Profiles[p.Profile]
	for _, instrument := range results.Instruments {
		if !slices.Contains(s.Instruments, instrument) && !slices.Contains(wanted, instrument) {
			continue
		}
		for _, point := range points(s, size) {
			for _, arm := range arms(s, systems) {
				if strings.HasSuffix(arm.system, results.TwinSuffix) {
					continue // nothing to be seen that the system itself does not show
				}
				t := p.trial(s, size, point, arm, 0)
				t.Instrument, t.Order = instrument, len(p.Instrumented)
				if t.Trace == nil || t.Cell.Speed > 0 { // a trace without times is replayed as far as it is long
					t.Operations, t.WarmupOperations, t.Duration = 0, 0, instrumentedDuration
					t.Warmup = driver.Warmup{Duration: instrumentedWarmup}
				}
				t.CellHash = hex.EncodeToString(digest(t.CellHash, instrument, t.Duration, t.Warmup)[:8])
				p.Instrumented = append(p.Instrumented, t)
			}
		}
	}
}

// checkInstruments refuses instruments that do not exist, or that no spec has a use for.
func (p *Plan) checkInstruments(wanted []string) error {
	for _, name := range wanted {
		if !slices.Contains(results.Instruments, name) {
			return fmt.Errorf("%w: instrument %q is none of %v", ErrOptions, name, results.Instruments)
		}
	}
	if len(wanted) > 0 && len(p.Instrumented) == 0 {
		return fmt.Errorf("%w: no spec has a load to look into, only searches and recoveries", ErrOptions)
	}
	return nil
}
