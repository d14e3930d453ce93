package host

import (
	"io/fs"
	"path"
	"runtime"
	"strconv"
	"strings"

	"bpfdb/results"
)

// sysctls are the settings that move a loopback benchmark of an in-kernel server.
var sysctls = []string{
	"kernel.bpf_stats_enabled",
	"kernel.nmi_watchdog",
	"kernel.randomize_va_space",
	"net.core.bpf_jit_enable",
	"net.core.bpf_jit_harden",
	"net.core.busy_poll",
	"net.core.busy_read",
	"net.core.netdev_budget",
	"net.core.netdev_max_backlog",
	"net.core.rmem_max",
	"net.core.rps_sock_flow_entries",
	"net.core.somaxconn",
	"net.core.wmem_max",
	"net.ipv4.ip_local_port_range",
	"net.ipv4.tcp_autocorking",
	"net.ipv4.tcp_congestion_control",
	"net.ipv4.tcp_max_syn_backlog",
	"net.ipv4.tcp_rmem",
	"net.ipv4.tcp_timestamps",
	"net.ipv4.tcp_tw_reuse",
	"net.ipv4.tcp_wmem",
	"kernel.numa_balancing",
	"kernel.sched_autogroup_enabled",
	"kernel.timer_migration",
	"kernel.unprivileged_bpf_disabled",
	"vm.overcommit_memory",
	"vm.swappiness",
}

// ReadEnvironment describes the machine; what it does not show is left empty. root is
// "/". Source is not filled in: see ReadSource.
func ReadEnvironment(root fs.FS) results.Environment {
	m := machine{root}
	kernel := m.text("proc/sys/kernel/osrelease") + " " + m.text("proc/sys/kernel/version")
	e := results.Environment{
		Kernel:      strings.TrimSpace(kernel),
		CPUModel:    m.field("proc/cpuinfo", "model name"),
		CPUs:        runtime.NumCPU(),
		MemoryBytes: m.memoryBytes(),
		Virtualized: m.hypervisor(),
		Governor:    m.text("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
		Clocksource: m.text("sys/devices/system/clocksource/clocksource0/current_clocksource"),
		THP:         bracketed(m.text("sys/kernel/mm/transparent_hugepage/enabled")),
		Mitigations: m.mitigations(),
		Sysctls:     m.sysctls(),
		GoVersion:   runtime.Version(),
		LoadAvg:     m.text("proc/loadavg"),
	}
	m.addDetails(&e)
	return e
}

type machine struct{ root fs.FS }

func (m machine) text(name string) string {
	text, _ := fs.ReadFile(m.root, name)
	return strings.TrimSpace(string(text))
}

// field is the value of the first "name : value" line of a file.
func (m machine) field(file, name string) string {
	for line := range strings.Lines(m.text(file)) {
		key, value, found := strings.Cut(line, ":")
		if found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func (m machine) memoryBytes() uint64 {
	kilobytes, _ := strconv.ParseUint(strings.TrimSuffix(m.field("proc/meminfo", "MemTotal"), " kB"), 10, 64)
	return kilobytes << 10
}

// hypervisor names the virtual machine's maker, as far as the firmware tells.
func (m machine) hypervisor() string {
	if !strings.Contains(" "+m.field("proc/cpuinfo", "flags")+" ", " hypervisor ") {
		return ""
	}
	maker := m.text("sys/class/dmi/id/sys_vendor") + " " + m.text("sys/class/dmi/id/product_name")
	if maker = strings.TrimSpace(maker); maker != "" {
		return maker
	}
	return "virtual machine"
}

func (m machine) mitigations() map[string]string {
	const dir = "sys/devices/system/cpu/vulnerabilities"
	found := map[string]string{}
	entries, _ := fs.ReadDir(m.root, dir)
	for _, entry := range entries {
		found[entry.Name()] = m.text(path.Join(dir, entry.Name()))
	}
	return found
}

func (m machine) sysctls() map[string]string {
	found := map[string]string{}
	for _, name := range sysctls {
		if value := m.text("proc/sys/" + strings.ReplaceAll(name, ".", "/")); value != "" {
			found[name] = strings.Join(strings.Fields(value), " ")
		}
	}
	return found
}

// bracketed is the chosen one of a sysfs list such as "always [madvise] never".
func bracketed(list string) string {
	_, rest, found := strings.Cut(list, "[")
	if !found {
		return list
	}
	chosen, _, _ := strings.Cut(rest, "]")
	return chosen
}
