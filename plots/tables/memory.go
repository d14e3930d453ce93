package tables

import (
	"math"

	"bpfdb/plots/summary"
	"bpfdb/plots/units"
)

// Memory says what a key takes in each system that was loaded alike; empty where none tells.
func Memory(d *summary.Data) string {
	t := newTable(2, "loaded", "system", "keys", "used_memory per key", "resident memory per key", "BPF maps per key",
		"BPF maps in all")
	all := d.Memory()
	for _, m := range all {
		t.row(m.Mapping, m.System, units.Count(float64(m.Records)), known(m.UsedPerKey), known(m.ResidentPerKey),
			known(m.MapsPerKey), known(m.MapsBytes))
	}
	if len(all) == 0 {
		return ""
	}
	return t.String()
}

// known is empty, and so a dash in the table, where there is nothing to know.
func known(bytes float64) string {
	if bytes <= 0 {
		return ""
	}
	return units.Bytes(math.Round(bytes))
}
