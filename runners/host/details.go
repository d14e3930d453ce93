package host

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"bpfdb/results"
)

// cpuFiles say how the processors may change speed or sleep, below /sys/devices/system/cpu.
var cpuFiles = map[string]string{
	"smt":                   "smt/control",
	"turbo_disabled":        "intel_pstate/no_turbo",
	"boost":                 "cpufreq/boost",
	"frequency_driver":      "cpu0/cpufreq/scaling_driver",
	"frequency_min_khz":     "cpu0/cpufreq/scaling_min_freq",
	"frequency_max_khz":     "cpu0/cpufreq/scaling_max_freq",
	"frequency_current_khz": "cpu0/cpufreq/scaling_cur_freq",
	"idle_driver":           "cpuidle/current_driver",
	"idle_governor":         "cpuidle/current_governor",
	"isolated":              "isolated",
	"online":                "online",
}

// addDetails fills in what ReadEnvironment holds beyond the essentials.
func (m machine) addDetails(e *results.Environment) {
	e.KernelParameters = m.kernelParameters()
	e.KernelConfigSHA256 = m.sum("proc/config.gz", "boot/config-"+m.text("proc/sys/kernel/osrelease"))
	e.Microcode = m.field("proc/cpuinfo", "microcode")
	e.BootID = m.text("proc/sys/kernel/random/boot_id")
	uptime, _, _ := strings.Cut(m.text("proc/uptime"), " ")
	e.UptimeSec, _ = strconv.ParseFloat(uptime, 64)
	nodes, _ := fs.Glob(m.root, "sys/devices/system/node/node[0-9]*")
	e.NUMANodes = len(nodes)
	e.Preemption = bracketed(m.text("sys/kernel/debug/sched/preempt"))
	e.CPUSettings = map[string]string{}
	for name, file := range cpuFiles {
		if value := m.text(path.Join("sys/devices/system/cpu", file)); value != "" {
			e.CPUSettings[name] = value
		}
	}
	e.CgroupLimits = m.cgroupLimits()
	e.Modules = modules()
}

// bootParameters are the names, up to a = or a dot, of kernel parameters that bear on speed.
var bootParameters = []string{"apparmor", "audit", "clocksource", "cpufreq", "cpuidle", "cpuidle_haltpoll",
	"default_hugepagesz", "hugepages", "hugepagesz", "idle", "intel_idle", "intel_pstate", "irqaffinity",
	"isolcpus", "kvm-intel", "lsm", "maxcpus", "mitigations", "nohz", "nohz_full", "nosmt", "nospectre_v1",
	"nospectre_v2", "numa_balancing", "preempt", "processor", "rcu_nocbs", "selinux", "skew_tick", "spectre_v2",
	"threadirqs", "transparent_hugepage", "tsc"}

func (m machine) kernelParameters() (chosen []string) {
	for _, parameter := range strings.Fields(m.text("proc/cmdline")) {
		name, _, _ := strings.Cut(parameter, "=")
		name, _, _ = strings.Cut(name, ".")
		if slices.Contains(bootParameters, name) {
			chosen = append(chosen, parameter)
		}
	}
	return chosen
}

// sum is the SHA-256 of the first of the files that is there.
func (m machine) sum(names ...string) string {
	for _, name := range names {
		if content, err := fs.ReadFile(m.root, name); err == nil {
			sum := sha256.Sum256(content)
			return hex.EncodeToString(sum[:])
		}
	}
	return ""
}

// cgroupLimits are those of our own control group (cgroup v2), where it has any.
func (m machine) cgroupLimits() map[string]string {
	_, group, found := strings.Cut(m.text("proc/self/cgroup"), "0::")
	if !found {
		return nil
	}
	group, _, _ = strings.Cut(group, "\n")
	limits := map[string]string{}
	for _, name := range []string{"cpu.max", "cpuset.cpus.effective", "memory.max"} {
		if value := m.text(path.Join("sys/fs/cgroup", strings.TrimPrefix(group, "/"), name)); value != "" {
			limits[name] = value
		}
	}
	return limits
}

// modules are the versions of what this program is built from.
func modules() map[string]string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	versions := map[string]string{}
	for _, m := range info.Deps {
		versions[m.Path] = m.Version
	}
	return versions
}
