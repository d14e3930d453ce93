package quiet

// setting is a file of the kernel that says how some machinery behaves, and what it holds where that
// machinery keeps still. A file that is not there is a machine without the machinery.
type setting struct {
	name  string
	files string // pattern below the root
	quiet string
	why   string // what it does otherwise
}

// settings are those that pyperf's `system tune` has, too, as far as they matter to servers, and one
// of our own. Interrupts are left where they are: a server in the kernel is what they are for.
var settings = []setting{
	{"frequency governor", "sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor", "performance",
		"processors change their speed with the load"},
	{"no_turbo", "sys/devices/system/cpu/intel_pstate/no_turbo", "1", "the speed depends on heat and on other cores"},
	{"boost", "sys/devices/system/cpu/cpufreq/boost", "0", "the speed depends on heat and on other cores"},
	{"kernel.nmi_watchdog", "proc/sys/kernel/nmi_watchdog", "0", "an interrupt looks at every processor regularly"},
	{"kernel.numa_balancing", "proc/sys/kernel/numa_balancing", "0", "pages are unmapped to see who uses them"},
	{"kernel.bpf_stats_enabled", "proc/sys/kernel/bpf_stats_enabled", "0", "each run of a BPF program is timed"},
}
