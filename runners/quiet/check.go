package quiet

import (
	"fmt"
	"io/fs"
	"math"
	"runtime"
	"strconv"
	"strings"
)

// Finding is one thing that may make measurements vary.
type Finding struct {
	Text    string // what there is and what it does
	Tunable bool   // Tune changes it
}

// Limits of what passes for a quiet machine.
const (
	maxLoadPerCPU = 0.5  // runnable tasks over the last minute
	maxSteal      = 0.01 // share of the processors' time since boot
)

// Check lists what makes measurements on this machine vary. What the machine does not show is not
// found. root is "/".
func Check(root fs.FS) []Finding {
	var found []Finding
	for _, s := range settings {
		files, _ := fs.Glob(root, s.files)
		for _, file := range files {
			if value := text(root, file); value != "" && value != s.quiet {
				found = append(found, Finding{fmt.Sprintf("%s is %s, not %s: %s", s.name, value, s.quiet, s.why), true})
				break // processors are alike
			}
		}
	}
	for _, look := range []func(fs.FS) string{load, steal, swap, quota, siblings, clock} {
		if what := look(root); what != "" {
			found = append(found, Finding{what, false})
		}
	}
	return found
}

func text(root fs.FS, file string) string {
	content, _ := fs.ReadFile(root, file)
	return strings.TrimSpace(string(content))
}

// load finds other programs by what ran in the last minute.
func load(root fs.FS) string {
	first, _, _ := strings.Cut(text(root, "proc/loadavg"), " ")
	average, err := strconv.ParseFloat(first, 64)
	if err != nil || average <= maxLoadPerCPU*float64(runtime.NumCPU()) {
		return ""
	}
	return fmt.Sprintf("the load average is %s on %d processors: something else is running", first, runtime.NumCPU())
}

// steal finds a hypervisor whose other guests are busy, by the first line of /proc/stat (proc(5)).
func steal(root fs.FS) string {
	line, _, _ := strings.Cut(text(root, "proc/stat"), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 {
		return ""
	}
	var total, stolen float64
	for i, field := range fields[1:9] { // guests' time, which follows, is in user time already
		ticks, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return ""
		}
		total += ticks
		if i == 7 {
			stolen = ticks
		}
	}
	if share := stolen / math.Max(total, 1); share > maxSteal {
		return fmt.Sprintf("the hypervisor has given %.1f %% of the processors' time to others since boot", 100*share)
	}
	return ""
}

// swap finds pages that have been written out, and may come back in a measured phase.
func swap(root fs.FS) string {
	for line := range strings.Lines(text(root, "proc/swaps")) {
		fields := strings.Fields(line)
		if len(fields) < 5 || fields[0] == "Filename" {
			continue
		}
		if used, err := strconv.ParseUint(fields[3], 10, 64); err == nil && used > 0 {
			return fmt.Sprintf("%d KiB are swapped out to %s", used, fields[0])
		}
	}
	return ""
}

// quota finds a limit of processor time on our own control group (cgroup v2): it stops everybody in
// the group for the rest of each period.
func quota(root fs.FS) string {
	_, group, found := strings.Cut(text(root, "proc/self/cgroup"), "0::/")
	if !found {
		return ""
	}
	group, _, _ = strings.Cut(group, "\n")
	limit := text(root, strings.ReplaceAll("sys/fs/cgroup/"+group+"/cpu.max", "//", "/"))
	if limit == "" || strings.HasPrefix(limit, "max") {
		return ""
	}
	return fmt.Sprintf("the control group may use %s microseconds (cpu.max)",
		strings.Replace(limit, " ", " of every ", 1))
}

func siblings(root fs.FS) string {
	if text(root, "sys/devices/system/cpu/smt/active") != "1" {
		return ""
	}
	return "processors share cores (SMT): what one does slows another"
}

// clock finds one that is read by a system call or through a device.
func clock(root fs.FS) string {
	source := text(root, "sys/devices/system/clocksource/clocksource0/current_clocksource")
	switch source {
	case "", "tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page":
		return ""
	}
	return fmt.Sprintf("the clock source is %s, which takes long to read", source)
}
