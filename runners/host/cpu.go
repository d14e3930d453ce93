package host

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"bpfdb/results"
)

// nsPerTick is the unit of /proc/stat: USER_HZ is 100 on every Linux architecture Go
// supports, whatever CONFIG_HZ is (proc(5)). Shorter phases than a few hundred ticks are
// measured coarsely.
const nsPerTick = 10_000_000

// CPUTime is the whole machine's processor time since boot, in ticks of 10 ms.
type CPUTime struct {
	user, nice, system, irq, softirq, steal int64
}

// ReadCPUTime reads the first line of /proc/stat. root is "/".
func ReadCPUTime(root fs.FS) (CPUTime, error) {
	text, err := fs.ReadFile(root, "proc/stat")
	if err != nil {
		return CPUTime{}, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return CPUTime{}, fmt.Errorf("/proc/stat: unexpected first line %q", line)
	}
	ticks := make([]int64, 8)
	for i := range ticks {
		if ticks[i], err = strconv.ParseInt(fields[i+1], 10, 64); err != nil {
			return CPUTime{}, fmt.Errorf("/proc/stat: %w", err)
		}
	}
	// Fields 4 and 5, idle and iowait, are time nothing ran.
	return CPUTime{user: ticks[0], nice: ticks[1], system: ticks[2],
		irq: ticks[5], softirq: ticks[6], steal: ticks[7]}, nil
}

// Since is the processor time spent from before to t, and per operation. Busy is all
// time something of ours ran: user, nice, system, interrupts and softirq. Steal, which
// the hypervisor gave to others, is told apart: it is no cost of ours, but much of it
// makes a trial worthless. The idle machine's own activity is not subtracted.
func (t CPUTime) Since(before CPUTime, ops uint64) results.CPU {
	user := t.user + t.nice - before.user - before.nice
	system := t.system + t.irq - before.system - before.irq
	softirq := t.softirq - before.softirq
	cpu := results.CPU{
		UserNS:    user * nsPerTick,
		SystemNS:  system * nsPerTick,
		SoftIRQNS: softirq * nsPerTick,
		StealNS:   (t.steal - before.steal) * nsPerTick,
	}
	cpu.BusyNS = cpu.UserNS + cpu.SystemNS + cpu.SoftIRQNS
	if ops > 0 {
		cpu.PerOpNS = float64(cpu.BusyNS) / float64(ops)
	}
	return cpu
}
