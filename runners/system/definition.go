package system

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bpfdb/runners/document"
)

// Ways a server says that it accepts connections.
const (
	ReadyLine = "line" // prints a line beginning `ready ` on stdout
	ReadyPing = "ping" // answers PING
)

// What a restart leaves of a server's data.
const (
	KeepsKill = "kill" // all that was acknowledged, also after SIGKILL
	KeepsStop = "stop" // all after SIGTERM; after SIGKILL some may be gone
)

// Definition is one system as experiments/systems/NAME.yaml describes it.
type Definition struct {
	Name  string
	Title string // in figures
	// Binary is a program on PATH, or a path from the working directory.
	Binary    string
	BinaryEnv string // environment variable that overrides Binary, $ left out
	// Arguments of the server. {{addr}}, {{host}}, {{port}}, {{dir}} and {{cpus}} are
	// replaced; dir is an empty directory of the trial's own.
	Arguments []string
	Version   []string // arguments that make the binary print its version
	Ready     string   // ReadyLine or ReadyPing
	// Settings state what must be equal for a fair comparison, and what is known to
	// differ: persistence, memory, threads.
	Settings map[string]string
	// Keeps says what of its data a server must still have after a restart in the same
	// directory: KeepsKill, KeepsStop, or nothing.
	Keeps string
	// Remote is host:port of a server that runs already, in place of a binary. Flush allows us
	// to delete every key it has, before and after each trial.
	Remote       string
	Flush        bool
	ReadyTimeout time.Duration
	StopTimeout  time.Duration // from SIGTERM to SIGKILL
}

// Parity names the settings that systems compared must agree on, unless they vary on purpose.
var Parity = []string{"persistence", "memory"}

// parity lists the settings every system must state; those of one experiment must agree
// on each, except on threads, where each system is run as its vendor recommends.
var parity = []string{"persistence", "memory", "threads"}

// Read reads NAME.yaml of a directory of systems.
func Read(dir, name string) (Definition, error) {
	file := filepath.Join(dir, name+".yaml")
	fields, err := document.Read(file)
	if err != nil {
		return Definition{}, err
	}
	var d Definition
	readySeconds, stopSeconds := 20.0, 10.0
	err = fields.Decode(map[string]any{
		"name": &d.Name, "title": &d.Title, "binary": &d.Binary, "binary_env": &d.BinaryEnv,
		"arguments": &d.Arguments, "version": &d.Version, "ready": &d.Ready, "settings": &d.Settings,
		"remote": &d.Remote, "flush": &d.Flush, "keeps": &d.Keeps,
		"ready_timeout_sec": &readySeconds, "stop_timeout_sec": &stopSeconds,
	})
	if err != nil {
		return Definition{}, err
	}
	d.ReadyTimeout = time.Duration(readySeconds * float64(time.Second))
	d.StopTimeout = time.Duration(stopSeconds * float64(time.Second))
	return d, d.validate(fields, name)
}

func (d Definition) validate(fields *document.Mapping, name string) error {
	if d.Name != name {
		return fields.Errorf("name", "%q does not match the file name", d.Name)
	}
	if d.Title == "" {
		return fields.Errorf("title", "missing")
	}
	if err := d.validateStart(fields); err != nil {
		return err
	}
	if d.Keeps != "" && d.Keeps != KeepsKill && d.Keeps != KeepsStop {
		return fields.Errorf("keeps", "%q is neither %s nor %s", d.Keeps, KeepsKill, KeepsStop)
	}
	if d.ReadyTimeout <= 0 {
		return fields.Errorf("ready_timeout_sec", "must be above zero")
	}
	if d.StopTimeout <= 0 {
		return fields.Errorf("stop_timeout_sec", "must be above zero")
	}
	for _, setting := range parity {
		if d.Settings[setting] == "" {
			return fields.Errorf("settings", "%s is missing", setting)
		}
	}
	if _, err := expand(d.Arguments, map[string]string{
		"addr": "", "host": "", "port": "", "dir": "", "cpus": ""}); err != nil {
		return fields.Errorf("arguments", "%v", err)
	}
	return nil
}

// validateStart checks how the server comes to run: we start it, or somebody has.
func (d Definition) validateStart(fields *document.Mapping) error {
	if d.Remote != "" {
		if _, _, err := net.SplitHostPort(d.Remote); err != nil {
			return fields.Errorf("remote", "%v", err)
		}
		for _, field := range []string{"binary", "binary_env", "arguments", "version", "ready", "keeps"} {
			if fields.Has(field) {
				return fields.Errorf(field, "a remote server is not started here")
			}
		}
		return nil
	}
	arguments := strings.Join(d.Arguments, " ")
	switch {
	case d.Flush:
		return fields.Errorf("flush", "only a remote server may have something to delete")
	case d.Binary == "":
		return fields.Errorf("binary", "missing")
	case d.Ready != ReadyLine && d.Ready != ReadyPing:
		return fields.Errorf("ready", "%q is neither %s nor %s", d.Ready, ReadyLine, ReadyPing)
	case !strings.Contains(arguments, "{{port}}") && !strings.Contains(arguments, "{{addr}}"):
		return fields.Errorf("arguments", "neither {{addr}} nor {{port}} is used")
	}
	return nil
}

// CheckParity reports the first setting on which systems to be compared disagree, but for
// those that vary on purpose.
func CheckParity(systems []Definition, varies []string) error {
	for _, setting := range parity {
		if setting == "threads" || slices.Contains(varies, setting) {
			continue
		}
		for _, d := range systems[min(1, len(systems)):] {
			if first := systems[0]; d.Settings[setting] != first.Settings[setting] {
				return fmt.Errorf("unfair comparison: %s has %s %s, %s has %s", first.Name, setting,
					first.Settings[setting], d.Name, d.Settings[setting])
			}
		}
	}
	return nil
}

// expand replaces {{name}} in each argument; a name without a value is an error.
func expand(arguments []string, values map[string]string) ([]string, error) {
	expanded := slices.Clone(arguments)
	for i, argument := range expanded {
		for name, value := range values {
			argument = strings.ReplaceAll(argument, "{{"+name+"}}", value)
		}
		if strings.Contains(argument, "{{") {
			return nil, fmt.Errorf("%q: unknown placeholder", arguments[i])
		}
		expanded[i] = argument
	}
	return expanded, nil
}
