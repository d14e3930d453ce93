package system_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bpfdb/runners/system"
)

const good = `name: x
title: X
binary: x-server
arguments: [--port, "{{port}}"]
ready: ping
settings: {persistence: none, memory: 1GiB, threads: "1"}
`

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"", "", ""},
		{"name: x", "name: y", `:1: name: "y" does not match the file name`},
		{"title: X\n", "", ":1: title: missing"},
		{"binary: x-server\n", "", ":1: binary: missing"},
		{"ready: ping", "ready: now", `:5: ready: "now" is neither line nor ping`},
		{"{{port}}", "1", ":4: arguments: neither {{addr}} nor {{port}} is used"},
		{"--port", `"{{prot}}"`, `:4: arguments: "{{prot}}": unknown placeholder`},
		{"memory: 1GiB, ", "", ":6: settings: memory is missing"},
		{"ready: ping", "ready: ping\nready_timeout_sec: 0", ":6: ready_timeout_sec: must be above zero"},
		{"ready: ping", "ready: ping\nstop_timeout_sec: -1", ":6: stop_timeout_sec: must be above zero"},
		{"binary: x-server", "remote: h:1", ":4: arguments: a remote server is not started here"},
		{"binary: x-server", "remote: h", ":3: remote: address h: missing port"},
		{"ready: ping", "ready: ping\nflush: true", ":6: flush: only a remote server"},
		{"ready: ping", "redy: ping", ":5: redy: unknown field; known are"},
	} {
		dir := t.TempDir()
		text := strings.Replace(good, c.old, c.new, 1)
		if err := os.WriteFile(filepath.Join(dir, "x.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := system.Read(dir, "x")
		got := fmt.Sprint(err)
		if c.want == "" && err != nil || !strings.Contains(got, c.want) {
			t.Errorf("%q for %q: got %v, want %q", c.new, c.old, err, c.want)
		}
	}
}

// Every system we ship is readable and, durability aside, comparable with every other.
func TestShippedSystems(t *testing.T) {
	dir := "../../experiments/systems"
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) < 4 {
		t.Fatalf("systems found: %v (%v)", files, err)
	}
	var all []system.Definition
	for _, file := range files {
		d, err := system.Read(dir, strings.TrimSuffix(filepath.Base(file), ".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	if err := system.CheckParity(all, []string{"persistence"}); err != nil {
		t.Error(err)
	}
}

func TestCheckParity(t *testing.T) {
	settings := func(memory, threads string) system.Definition {
		return system.Definition{Name: memory, Settings: map[string]string{
			"persistence": "none", "memory": memory, "threads": threads}}
	}
	err := system.CheckParity([]system.Definition{settings("1GiB", "1"), settings("1GiB", "8")}, nil)
	if err != nil {
		t.Errorf("systems may differ in threads: %v", err)
	}
	err = system.CheckParity([]system.Definition{settings("1GiB", "1"), settings("2GiB", "1")}, nil)
	if err == nil || !strings.Contains(err.Error(), "memory") {
		t.Errorf("got %v, want an error about memory", err)
	}
	apart := []system.Definition{settings("1GiB", "1"), settings("2GiB", "1")}
	if err := system.CheckParity(apart, []string{"memory"}); err != nil {
		t.Errorf("systems may differ on purpose: %v", err)
	}
	if err := system.CheckParity(nil, nil); err != nil {
		t.Errorf("no systems: %v", err)
	}
}
