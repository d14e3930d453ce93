package kerneltest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"

	"bpfdb/internal/cgroup2"
	"bpfdb/internal/mounts"
)

// A wait too short for nothing: what is still referenced cannot vanish meanwhile.
const briefly = 10 * time.Millisecond

func snapshot(t *testing.T) Inventory {
	t.Helper()
	Require(t, Root)
	inv, err := Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

func loadTinyMap(t *testing.T, name string) *ebpf.Map {
	t.Helper()
	m, err := ebpf.NewMap(&ebpf.MapSpec{Name: name, Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func loadSockops(t *testing.T, name string, m *ebpf.Map) *ebpf.Program {
	t.Helper()
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: name, Type: ebpf.SockOps, License: "GPL",
		Instructions: asm.Instructions{
			asm.LoadMapPtr(asm.R1, m.FD()), asm.Mov.Imm(asm.R0, 1), asm.Return(),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { prog.Close() })
	return prog
}

// checkLeft demands exactly the wanted kinds among objects of the given prefix.
func checkLeft(t *testing.T, before Inventory, prefix string, want ...Kind) {
	t.Helper()
	left, err := leftBehind(before, prefix, briefly)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range left {
		got = append(got, strings.Fields(o)[0])
	}
	var wanted []string
	for _, k := range want {
		wanted = append(wanted, strings.Fields(string(k))[0])
	}
	slices.Sort(got)
	slices.Sort(wanted)
	if !slices.Equal(got, wanted) {
		t.Errorf("left %v, want kinds %v", left, wanted)
	}
}

func TestLeakOfProgramMapAndLink(t *testing.T) {
	Require(t, Cgroup2)
	before := snapshot(t)
	m := loadTinyMap(t, "leakA_map")
	prog := loadSockops(t, "leakA_prog", m)
	checkLeft(t, before, "leakA_", Map, Program)

	root, err := cgroup2.Root()
	if err != nil {
		t.Fatal(err)
	}
	sub := filepath.Join(root, "kerneltest-leak")
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(sub) })
	attached, err := link.AttachCgroup(link.CgroupOptions{
		Path: sub, Attach: ebpf.AttachCGroupSockOps, Program: prog,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { attached.Close() })
	checkLeft(t, before, "leakA_", Map, Program, Link, Attachment)

	attached.Close()
	prog.Close()
	m.Close()
	if left, err := LeftBehind(before, "leakA_"); err != nil || left != nil {
		t.Errorf("after closing everything: left %v, %v", left, err)
	}
}

func TestLeakIsDescribedWithItsHolder(t *testing.T) {
	before := snapshot(t)
	loadTinyMap(t, "leakB_map")
	name, errName := os.ReadFile("/proc/self/comm")
	left, err := leftBehind(before, "leakB_", briefly)
	err = errors.Join(err, errName)
	if err != nil || len(left) != 1 || !strings.Contains(left[0], "held by "+strings.TrimSpace(string(name))) {
		t.Errorf("got %q, %v, want one map held by this test", left, err)
	}
}

// Other packages' tests run at the same time: what only they hold is not our leak, what they hold
// together with us, or what nobody holds, is.
func TestLeaksOfOthersAreLeftOut(t *testing.T) {
	ours, other := process{pid: 10}, process{pid: 20}
	object := func(id string) Object { return Object{Map, id, ""} }
	after := Inventory{owners: map[Object][]process{
		object("known"): {ours}, object("mine"): {ours}, object("theirs"): {other},
		object("shared"): {other, ours}, object("pinned"): nil,
	}}
	before := Inventory{owners: map[Object][]process{object("known"): {ours}}}
	got := leaks(before, after, map[int]bool{10: true})
	want := []Object{object("mine"), object("pinned"), object("shared")}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestLeakOfPin(t *testing.T) {
	before := snapshot(t)
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "bpf", "none", dir).CombinedOutput(); err != nil {
		t.Fatalf("mount bpffs: %v: %s", err, out)
	}
	t.Cleanup(func() { exec.Command("umount", dir).Run() })
	if mounted, err := mounts.OfType("bpf"); err != nil || len(mounted) == 0 {
		t.Fatalf("bpffs mounts: %v, %v", mounted, err)
	}
	m := loadTinyMap(t, "leakC_map")
	if err := m.Pin(filepath.Join(dir, "leakC_pin")); err != nil {
		t.Fatal(err)
	}
	m.Close()
	checkLeft(t, before, "leakC_", Map, Pin)
}

// What is pinned in a BPFFS passes for held by whoever mounted it, even when it is open nowhere; once that process
// is gone it is a leak again.
func TestPinsInABPFFSAreItsMounters(t *testing.T) {
	before := snapshot(t)
	dir := BPFFS(t)
	spec := &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1}
	inner := loadTinyMap(t, "leakE_map")
	outer, err := ebpf.NewMap(&ebpf.MapSpec{
		Name: "leakE_maps", Type: ebpf.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 2,
		InnerMap: spec, Contents: []ebpf.MapKV{{Key: uint32(0), Value: inner}},
	})
	if err != nil {
		t.Fatal(err)
	}
	pin := filepath.Join(dir, "leakE_pin")
	err = outer.Pin(pin)
	outer.Close()
	inner.Close()
	if err != nil {
		t.Fatal(err)
	}
	checkLeft(t, before, "leakE_", Map, Map, Pin)
	after := snapshot(t)
	if found := Named(leaks(before, after, map[int]bool{}), "leakE_"); len(found) > 0 {
		t.Errorf("another process takes %v for leaks of its own", found)
	}
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"bpf", mounterPrefix, fmt.Sprint(mounterPrefix, gone.Process.Pid)} {
		if by := mounter(mounts.Mount{Source: source}); by != nil {
			t.Errorf("%s was mounted by %v, want nobody", source, by)
		}
	}
}

func TestLeakOfInterface(t *testing.T) {
	Require(t, Tool("ip"))
	before := snapshot(t)
	add := exec.Command("ip", "link", "add", "leakD0", "type", "veth", "peer", "leakD1")
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("add interface: %v: %s", err, out)
	}
	t.Cleanup(func() { exec.Command("ip", "link", "del", "leakD0").Run() })
	checkLeft(t, before, "leakD", Interface, Interface)
}
