package affinity_test

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"bpfdb/runners/affinity"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]affinity.Set{
		"": nil, "0": {0}, "0,2-4": {0, 2, 3, 4}, " 1 , 3": {1, 3}, "1023": {1023},
	} {
		if got, err := affinity.Parse(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"x", "1-", "-1", "3-2", "0,,1", "1024", "0-99999999999999999999"} {
		if got, err := affinity.Parse(text); !errors.Is(err, affinity.ErrCPUs) {
			t.Errorf("%q: %v, %v, want ErrCPUs", text, got, err)
		}
	}
}

// allowed asks a child, which inherits the mask of the calling thread.
func allowed(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("grep", "Cpus_allowed_list", "/proc/self/status").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(strings.TrimSpace(string(out)), ":")
	return strings.TrimSpace(list)
}

func TestPinProcess(t *testing.T) {
	before := allowed(t)
	first, _, _ := strings.Cut(strings.ReplaceAll(before, "-", ","), ",")
	set, err := affinity.Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	restore, err := set.PinProcess()
	if err != nil {
		t.Fatal(err)
	}
	if got := allowed(t); got != first {
		t.Errorf("pinned to %s, may use %s", first, got)
	}
	if err := restore(); err != nil {
		t.Error(err)
	}
	if got := allowed(t); got != before {
		t.Errorf("after restore %s, before %s", got, before)
	}
}

func TestNoSuchProcessor(t *testing.T) {
	err := affinity.OnThread(affinity.Set{1023}.PinThread)
	if !errors.Is(err, affinity.ErrCPUs) {
		t.Errorf("pinned to processor 1023: %v", err)
	}
}
