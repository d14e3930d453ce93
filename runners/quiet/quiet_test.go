package quiet_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"bpfdb/runners/quiet"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

const (
	governor    = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
	clockSource = "sys/devices/system/clocksource/clocksource0/current_clocksource"
)

func TestCheck(t *testing.T) {
	if found := quiet.Check(fstest.MapFS{}); len(found) != 0 {
		t.Errorf("a machine that shows nothing: %v", found)
	}
	still := fstest.MapFS{
		governor:                            file("performance\n"),
		"proc/sys/kernel/nmi_watchdog":      file("0\n"),
		"proc/loadavg":                      file("0.20 0 0 1/100 1\n"),
		"proc/stat":                         file("cpu  90 0 0 900 0 0 0 5 0 0\n"),
		"proc/swaps":                        file("Filename Type Size Used Priority\n/swap file 100 0 -2\n"),
		"proc/self/cgroup":                  file("0::/box\n"),
		"sys/fs/cgroup/box/cpu.max":         file("max 100000\n"),
		"sys/devices/system/cpu/smt/active": file("0\n"),
		clockSource:                         file("tsc\n"),
	}
	if found := quiet.Check(still); len(found) != 0 {
		t.Errorf("a quiet machine: %v", found)
	}
	for name, c := range map[string]struct{ text, want string }{
		governor: {"powersave", "governor is powersave"},
		"sys/devices/system/cpu/intel_pstate/no_turbo": {"0", "no_turbo is 0, not 1"},
		"sys/devices/system/cpu/cpufreq/boost":         {"1", "boost is 1, not 0"},
		"proc/sys/kernel/nmi_watchdog":                 {"1", "kernel.nmi_watchdog is 1"},
		"proc/sys/kernel/numa_balancing":               {"1", "kernel.numa_balancing is 1"},
		"proc/sys/kernel/bpf_stats_enabled":            {"1", "each run of a BPF program is timed"},
		"proc/loadavg":                                 {"1000.5 0 0", "load average is 1000.5"},
		"proc/stat":                                    {"cpu  90 0 0 860 0 0 0 50 0 0", "has given 5.0 %"},
		"proc/swaps":                                   {"/swap file 100 42 -2", "42 KiB are swapped out to /swap"},
		"sys/fs/cgroup/box/cpu.max":                    {"50000 100000", "50000 of every 100000 microseconds"},
		"sys/devices/system/cpu/smt/active":            {"1", "share cores"},
		clockSource:                                    {"hpet", "clock source is hpet"},
	} {
		before := still[name]
		still[name] = file(c.text + "\n")
		found := quiet.Check(still)
		if len(found) != 1 || !strings.Contains(found[0].Text, c.want) {
			t.Errorf("%s holding %q: %v, want %q", name, c.text, found, c.want)
		}
		if delete(still, name); before != nil {
			still[name] = before
		}
	}
}

// machine makes a directory with two processors that save power, and a watchdog.
func machine(t *testing.T) (root string, files []string) {
	t.Helper()
	root = t.TempDir()
	for name, value := range map[string]string{
		governor: "powersave",
		"sys/devices/system/cpu/cpu1/cpufreq/scaling_governor": "schedutil",
		"proc/sys/kernel/nmi_watchdog":                         "1",
		"proc/sys/kernel/bpf_stats_enabled":                    "0",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(value+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	return root, files
}

// contents reads all files, without line ends.
func contents(t *testing.T, files []string) (all string) {
	t.Helper()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all += filepath.Base(file) + " " + strings.TrimSpace(string(text)) + "\n"
	}
	return all
}

func TestTuneAndRestore(t *testing.T) {
	root, files := machine(t)
	before := contents(t, files)
	tuned, err := quiet.Tune(root)
	if err != nil || len(tuned.Changes) != 3 {
		t.Fatalf("%+v, %v", tuned, err)
	}
	if found := quiet.Check(os.DirFS(root)); len(found) != 0 {
		t.Errorf("tuned, and yet %v", found)
	}
	for range 2 { // the second time there is nothing left to do
		if err := tuned.Restore(); err != nil {
			t.Error(err)
		}
	}
	if after := contents(t, files); after != before {
		t.Errorf("restored to\n%swas\n%s", after, before)
	}
}

// What others change meanwhile is theirs.
func TestRestoreLeavesOthersAlone(t *testing.T) {
	root, _ := machine(t)
	tuned, err := quiet.Tune(root)
	if err != nil {
		t.Fatal(err)
	}
	ours := filepath.Join(root, "sys/devices/system/cpu/cpu1/cpufreq/scaling_governor")
	if err := os.WriteFile(ours, []byte("ondemand\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = tuned.Restore()
	if !errors.Is(err, quiet.ErrRestore) || !strings.Contains(err.Error(), "ondemand by now") {
		t.Errorf("%v, want ErrRestore about the governor", err)
	}
	if left := contents(t, []string{ours, filepath.Join(root, "proc/sys/kernel/nmi_watchdog")}); left !=
		"scaling_governor ondemand\nnmi_watchdog 1\n" {
		t.Errorf("left %s", left)
	}
}

// A setting that cannot be changed undoes what was changed before it.
func TestTuneAllOrNothing(t *testing.T) {
	root, files := machine(t)
	before := contents(t, files)
	// A file of the kernel that nobody can write to, root included.
	if err := os.Symlink("/proc/version", filepath.Join(root, "proc/sys/kernel/numa_balancing")); err != nil {
		t.Fatal(err)
	}
	if _, err := quiet.Tune(root); !errors.Is(err, quiet.ErrTune) || !strings.Contains(err.Error(), "numa_balancing") {
		t.Errorf("%v, want ErrTune about numa_balancing", err)
	}
	if after := contents(t, files); after != before {
		t.Errorf("left\n%swas\n%s", after, before)
	}
}
