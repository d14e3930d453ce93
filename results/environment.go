package results

// Details is the part of an Environment that explains a difference between two runs whose
// essentials agree. What a machine does not show is absent.
type Details struct {
	// KernelParameters are those of the boot command line that bear on speed; a command line
	// may hold what is nobody's business.
	KernelParameters   []string                   `json:"kernel_parameters,omitempty"`
	KernelConfigSHA256 string                     `json:"kernel_config_sha256,omitempty"` // of config.gz or /boot
	Preemption         string                     `json:"preemption,omitempty"`
	Microcode          string                     `json:"microcode,omitempty"`
	CPUSettings        map[string]string          `json:"cpu_settings,omitempty"` // SMT, turbo, frequency, idle states
	NUMANodes          int                        `json:"numa_nodes,omitempty"`
	BootID             string                     `json:"boot_id,omitempty"`
	UptimeSec          float64                    `json:"uptime_sec,omitempty"`
	CgroupLimits       map[string]string          `json:"cgroup_limits,omitempty"` // of the harness
	Offloads           map[string]map[string]bool `json:"offloads,omitempty"`      // by interface: lo, veth
	Modules            map[string]string          `json:"modules,omitempty"`       // Go modules of the harness
	Noise              []string                   `json:"noise,omitempty"`         // that bench check found
}

// BPFProgram is a program as the kernel loaded it.
type BPFProgram struct {
	Name                 string `json:"name"` // as the kernel keeps it: 15 characters
	Type                 string `json:"type,omitempty"`
	Tag                  string `json:"tag"` // hash of its instructions
	JITed                bool   `json:"jited"`
	Instructions         uint64 `json:"instructions,omitempty"` // after the verifier's rewriting
	VerifiedInstructions uint64 `json:"verified_instructions"`  // it walked through; the limit is a million
	JITedBytes           uint64 `json:"jited_bytes,omitempty"`
	MemoryBytes          uint64 `json:"memory_bytes"`
}
