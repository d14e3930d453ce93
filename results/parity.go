package results

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ParityFile holds Parity of the run beside it.
const ParityFile = "systems.md"

// stated are the settings that every definition of a system gives, in the table's order.
var stated = []string{"persistence", "memory", "threads"}

// Parity is a Markdown table of how the systems of a run were set up, for judging whether the
// comparison is fair: what their definitions state, where they were pinned, and what the
// running servers said of themselves.
func Parity(r *Run) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| system | version | %s | processors | the server says |\n", strings.Join(stated, " | "))
	b.WriteString(strings.Repeat("|---", len(stated)+4) + "|\n")
	for _, s := range r.Systems {
		version := s.Version
		switch {
		case s.NotInstalled != "":
			version = "not installed"
		case s.Remote != "":
			version = "remote, " + s.Remote
		}
		cells := []string{s.Name, version}
		for _, name := range stated {
			cells = append(cells, s.Settings[name])
		}
		cells = append(cells, pinning(r, s.Name), said(s.Observed))
		for i, cell := range cells {
			cells[i] = strings.ReplaceAll(cell, "|", "\\|")
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	return b.String()
}

// pinning is which processors the trials of a system had.
func pinning(r *Run, system string) string {
	var places []string
	for _, t := range r.Trials {
		if t.Cell.System != system {
			continue
		}
		place := "any"
		if t.Cell.ServerCPUs != "" || t.Cell.ClientCPUs != "" {
			place = fmt.Sprintf("server %s, clients %s", orAny(t.Cell.ServerCPUs), orAny(t.Cell.ClientCPUs))
		}
		if !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return strings.Join(places, "; ")
}

func orAny(cpus string) string {
	if cpus == "" {
		return "any"
	}
	return cpus
}

func said(observed map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(observed)) {
		value := observed[name]
		if value == "" {
			value = `""`
		}
		all = append(all, name+" "+value)
	}
	return strings.Join(all, ", ")
}
