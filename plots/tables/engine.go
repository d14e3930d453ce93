package tables

import (
	"fmt"
	"strings"

	"bpfdb/plots/summary"
	"bpfdb/plots/units"
)

// engine writes the engine microbenchmark, one table per value size.
func engine(d *summary.Data) string {
	var text strings.Builder
	for _, valueBytes := range d.EngineValueBytes() {
		fmt.Fprintf(&text, "**Engine alone, %s values**\n\n", units.Bytes(float64(valueBytes)))
		t := newTable(1, "operation", "CPUs", "keys", "operations/s", "time per op, one CPU",
			"overhead per key")
		for _, series := range d.EngineSeries(valueBytes) {
			for _, p := range series.Points {
				rate := units.Rate(p.Rate.Median)
				if len(p.Rate.Values) > 1 {
					rate = estimateText(p.Rate, units.Rate)
				}
				t.row(series.Op, fmt.Sprint(series.CPUs), units.Count(float64(p.Keys)), rate,
					units.Duration(p.NSPerOp), units.Digits(p.OverheadBytesPerKey)+" B")
			}
		}
		text.WriteString(t.String() + "\n")
	}
	text.WriteString(engineProvenance(d))
	return text.String()
}
