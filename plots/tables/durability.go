package tables

import (
	"fmt"

	"bpfdb/plots/summary"
	"bpfdb/plots/units"
)

// recoveryTable says how long the systems of a panel took to come back, and with what.
func recoveryTable(p *summary.Panel) string {
	t := newTable(1, "system", "recovery time", "records/s", "CPU per record", "size on disk", "lost at most",
		"took to end at most")
	for _, row := range p.Rows {
		for _, system := range p.Systems {
			took, missing := p.Estimate(system, row, summary.RecoveryTime)
			if missing != "" {
				t.row(system.Name, missing)
				continue
			}
			rate, _ := p.Estimate(system, row, summary.Throughput)
			cpu, _ := p.Estimate(system, row, summary.CPU)
			disk, _ := p.Estimate(system, row, summary.DiskBytes)
			r := p.Recovery(system.Name, row)
			t.row(system.Name, estimateText(took, units.Duration), estimateText(rate, units.Rate),
				estimateText(cpu, units.Duration), estimateText(disk, units.Bytes),
				fmt.Sprintf("%d of %d", r.MostLost, p.Setting.Records), units.Duration(float64(r.LongestNS)))
		}
	}
	return t.String()
}

// diskTable says what the systems of a panel left on disk; it is empty where none did.
func diskTable(p *summary.Panel) string {
	if !p.HasDisk() {
		return ""
	}
	t := newTable(2, "workload", "system", "size on disk")
	for _, row := range p.Rows {
		for _, system := range p.Systems {
			if disk, missing := p.Estimate(system, row, summary.DiskBytes); missing == "" {
				t.row(p.Label(row), system.Name, estimateText(disk, units.Bytes))
			}
		}
	}
	return t.String() + "\n"
}

// checkpointTable says what checkpoints cost; it is empty where none was written.
func checkpointTable(p *summary.Panel) string {
	if !p.Setting.Checkpoint {
		return ""
	}
	t := newTable(2, "workload", "system", "longest checkpoint", "worst p99 of a window during it", "and otherwise")
	for _, row := range p.Rows {
		for _, system := range p.Systems {
			if c := p.Checkpoint(system.Name, row); c.Trials > 0 {
				t.row(p.Label(row), system.Name, units.Duration(float64(c.LongestNS)),
					fmt.Sprintf("%s (%d windows)", units.Duration(float64(c.DuringNS)), c.During),
					fmt.Sprintf("%s (%d windows)", units.Duration(float64(c.ElseNS)), c.Elsewhere))
			}
		}
	}
	return t.String() + "\n"
}
