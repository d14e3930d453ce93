package gate

import (
	"fmt"
	"strings"

	"bpfdb/results"
	"bpfdb/runners/stats"
)

// bytesPerKey is by how much a server's own count of its memory grows per record while it
// is loaded (from zero, where it was not asked before): the median of a side's trials, by cell.
// Systems that count none are left out.
func bytesPerKey(run *results.Run, of string) map[string]float64 {
	values := map[string][]float64{}
	for _, t := range run.Trials {
		if side(t.Cell) == of && t.ServerMemory > 0 && t.Cell.Records > 0 {
			system, _, _ := strings.Cut(t.Cell.System, "@")
			name := fmt.Sprintf("%s, %d B values, %d keys", system, t.Cell.ValueBytes, t.Cell.Records)
			values[name] = append(values[name], float64(t.ServerMemory-t.ServerEmpty)/float64(t.Cell.Records))
		}
	}
	medians := map[string]float64{}
	for name, all := range values {
		medians[name] = stats.Median(all)
	}
	return medians
}
