package host_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
	"testing/fstest"
	"time"

	"bpfdb/results"
	"bpfdb/runners/host"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func stat(line string) fstest.MapFS {
	return fstest.MapFS{"proc/stat": file(line + "\ncpu0 1 1 1 1\n")}
}

func TestCPUTime(t *testing.T) {
	before, err := host.ReadCPUTime(stat("cpu  100 10 200 9000 50 5 30 7 0 0"))
	if err != nil {
		t.Fatal(err)
	}
	after, err := host.ReadCPUTime(stat("cpu  140 11 260 9999 99 6 50 17 4 0"))
	if err != nil {
		t.Fatal(err)
	}
	const tick = 10_000_000
	want := results.CPU{UserNS: 41 * tick, SystemNS: 61 * tick, SoftIRQNS: 20 * tick, StealNS: 10 * tick,
		BusyNS: 122 * tick, PerOpNS: 1.22e6}
	if got := after.Since(before, 1000); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := after.Since(before, 0); got.PerOpNS != 0 {
		t.Errorf("per operation without operations: %v", got.PerOpNS)
	}
	for _, bad := range []string{"", "cpu 1 2 3", "cpu a 1 1 1 1 1 1 1", "intr 1 1 1 1 1 1 1 1"} {
		if _, err := host.ReadCPUTime(stat(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	if _, err := host.ReadCPUTime(fstest.MapFS{}); err == nil {
		t.Error("a missing file was read")
	}
}

// A spinning second must show on the real machine, whatever else runs there.
func TestCPUTimeOfThisMachine(t *testing.T) {
	before, err := host.ReadCPUTime(os.DirFS("/"))
	if err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); time.Since(start) < 300*time.Millisecond; {
	}
	after, err := host.ReadCPUTime(os.DirFS("/"))
	if err != nil {
		t.Fatal(err)
	}
	if cpu := after.Since(before, 1); cpu.BusyNS+cpu.StealNS < 100_000_000 {
		t.Errorf("300 ms of spinning counted as %+v", cpu)
	}
}

const cpuinfo = "processor\t: 0\nmodel name\t: Test CPU\nmicrocode\t: 0x42\nflags\t: fpu hypervisor sse\n"

func TestReadEnvironment(t *testing.T) {
	e := host.ReadEnvironment(fstest.MapFS{
		"proc/sys/kernel/osrelease":                         file("6.12.1\n"),
		"proc/sys/kernel/version":                           file("#1 SMP PREEMPT\n"),
		"proc/cpuinfo":                                      file(cpuinfo),
		"proc/meminfo":                                      file("MemTotal:       2048 kB\nMemFree: 1 kB\n"),
		"proc/loadavg":                                      file("0.5 0.4 0.3 1/100 7\n"),
		"proc/sys/net/ipv4/tcp_rmem":                        file("4096\t131072\t6291456\n"),
		"sys/class/dmi/id/sys_vendor":                       file("QEMU\n"),
		"sys/devices/system/cpu/vulnerabilities/spectre_v2": file("Mitigation: Retpolines\n"),
		"sys/devices/system/clocksource/clocksource0/current_clocksource": file("tsc\n"),
		"sys/kernel/mm/transparent_hugepage/enabled":                      file("always [madvise] never\n"),
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor":            file("performance\n"),
	})
	for _, c := range []struct{ name, got, want string }{
		{"kernel", e.Kernel, "6.12.1 #1 SMP PREEMPT"},
		{"cpu", e.CPUModel, "Test CPU"},
		{"virtualized", e.Virtualized, "QEMU"},
		{"governor", e.Governor, "performance"},
		{"clocksource", e.Clocksource, "tsc"},
		{"thp", e.THP, "madvise"},
		{"load", e.LoadAvg, "0.5 0.4 0.3 1/100 7"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
	if e.MemoryBytes != 2048<<10 {
		t.Errorf("memory %d bytes", e.MemoryBytes)
	}
	mitigations := map[string]string{"spectre_v2": "Mitigation: Retpolines"}
	if !reflect.DeepEqual(e.Mitigations, mitigations) {
		t.Errorf("mitigations %v", e.Mitigations)
	}
	sysctls := map[string]string{"net.ipv4.tcp_rmem": "4096 131072 6291456"}
	if !reflect.DeepEqual(e.Sysctls, sysctls) {
		t.Errorf("sysctls %v", e.Sysctls)
	}
}

func TestDetails(t *testing.T) {
	e := host.ReadEnvironment(fstest.MapFS{
		"proc/sys/kernel/osrelease":                     file("6.12.1\n"),
		"proc/cpuinfo":                                  file(cpuinfo),
		"proc/cmdline":                                  file("quiet mitigations=off secret=1 isolcpus=1\n"),
		"proc/uptime":                                   file("123.45 200.00\n"),
		"proc/self/cgroup":                              file("0::/box\n"),
		"proc/sys/kernel/random/boot_id":                file("abc\n"),
		"boot/config-6.12.1":                            file(""),
		"sys/fs/cgroup/box/cpu.max":                     file("100000 100000\n"),
		"sys/devices/system/cpu/smt/control":            file("off\n"),
		"sys/devices/system/cpu/cpuidle/current_driver": file("haltpoll\n"),
		"sys/devices/system/node/node0/cpulist":         file("0-1\n"),
		"sys/devices/system/node/node1/cpulist":         file("2-3\n"),
		"sys/devices/system/cpu/cpufreq/boost":          file("1\n"),
	})
	const ofNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	want := results.Details{
		KernelParameters: []string{"mitigations=off", "isolcpus=1"}, KernelConfigSHA256: ofNothing, Microcode: "0x42",
		CPUSettings:  map[string]string{"smt": "off", "idle_driver": "haltpoll", "boost": "1"},
		CgroupLimits: map[string]string{"cpu.max": "100000 100000"},
		NUMANodes:    2, BootID: "abc", UptimeSec: 123.45, Modules: e.Modules,
	}
	if !reflect.DeepEqual(e.Details, want) {
		t.Errorf("got  %+v\nwant %+v", e.Details, want)
	}
}

// Every kernel's loopback segments in software, and nobody has an interface of this name.
func TestReadOffloads(t *testing.T) {
	if lo := host.ReadOffloads("lo"); len(lo) != 7 || !lo["gso"] {
		t.Errorf("offloads of lo: %v", lo)
	}
	if none := host.ReadOffloads("no-such-device"); len(none) != 0 {
		t.Errorf("offloads of an interface that is not there: %v", none)
	}
}

func TestReadSource(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("git", "-C", dir, "init", "-q").CombinedOutput(); err != nil {
		t.Skipf("no git: %v %s", err, out)
	}
	if err := os.MkdirAll(filepath.Join(dir, "engine"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "engine", "a_bpfel.o"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{
		{"add", "."},
		{"-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "t"},
	} {
		out, err := exec.Command("git", append([]string{"-C", dir}, arguments...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v %s", arguments, err, out)
		}
	}
	var clean, dirty results.Environment
	host.ReadSource(t.Context(), dir, &clean)
	if len(clean.GitCommit) != 40 || clean.GitDirty {
		t.Errorf("clean checkout: %q dirty %v", clean.GitCommit, clean.GitDirty)
	}
	const ofNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	if clean.BPFObjects["a_bpfel.o"] != ofNothing {
		t.Errorf("objects %v", clean.BPFObjects)
	}
	if err := os.WriteFile(filepath.Join(dir, "engine", "a_bpfel.o"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	host.ReadSource(t.Context(), dir, &dirty)
	if !dirty.GitDirty {
		t.Error("a changed file did not make the checkout dirty")
	}
}
