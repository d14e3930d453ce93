// Package page writes a run as one HTML file: verdicts, figures, tables and provenance,
// with everything inline, so that it can be sent, archived and opened without a network.
package page

import (
	"bytes"
	_ "embed" // the template
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"bpfdb/plots"
	"bpfdb/plots/summary"
	"bpfdb/plots/tables"
	"bpfdb/results"
)

//go:embed page.html
var source string

var page = template.Must(template.New("page").Parse(source))

// content is what the template shows.
type content struct {
	Machine  string
	Measured string
	Verdicts template.HTML
	Goals    template.HTML
	Sections []section
	Profiles []profile
	Programs template.HTML // empty where no program was timed
	Memory   template.HTML // empty where no server tells
	Systems  []results.System
	Facts    []fact
	Warnings []string
}

// section is one experiment, or the engine alone.
type section struct {
	ID, Title string
	Figures   []figure
	Tables    template.HTML
}

type figure struct {
	Name, Title string
	SVG         template.HTML
}

type fact struct{ Name, Value string }

// Write writes the page of some runs. It links to their flame graphs as seen from dir, where the
// page is going to lie; all else is inline.
func Write(w io.Writer, d *summary.Data, dir string) error {
	c := content{Warnings: warnings(d)}
	var environment results.Environment
	switch {
	case len(d.Runs) > 0:
		environment = d.Runs[0].Environment
		c.Measured = d.Runs[0].Started.UTC().Format("2006-01-02 15:04 UTC")
	case len(d.Engines) > 0:
		environment = d.Engines[0].Environment
		c.Measured = d.Engines[0].Started.UTC().Format("2006-01-02 15:04 UTC")
	default:
		return fmt.Errorf("html report: no run to show")
	}
	c.Machine, c.Facts, c.Systems = summary.Machine(environment), facts(environment), d.Systems()
	c.Profiles = profiles(d, dir)
	if text := tables.Programs(d); text != "" {
		c.Programs = markdown(text)
	}
	if text := tables.Memory(d); text != "" {
		c.Memory = markdown(text)
	}
	figures, err := drawings(d)
	if err != nil {
		return err
	}
	for name, target := range map[string]*template.HTML{"claims": &c.Verdicts, "goals": &c.Goals} {
		text, err := tables.Section(d, name)
		if err != nil {
			return err
		}
		*target = markdown(text)
	}
	titles := titles(d)
	for _, name := range append(d.Experiments(), "engine") {
		text, err := tables.Section(d, name)
		if err != nil {
			return err
		}
		s := section{ID: name, Title: titles[name], Tables: markdown(text)}
		for _, f := range figures {
			if owner(f.Name, titles) == name {
				s.Figures = append(s.Figures, f)
			}
		}
		c.Sections = append(c.Sections, s)
	}
	return page.Execute(w, c)
}

// titles names the sections, by experiment.
func titles(d *summary.Data) map[string]string {
	named := map[string]string{"engine": "The engine alone"}
	for _, name := range d.Experiments() {
		named[name] = name
	}
	for _, run := range d.Runs {
		for _, e := range run.Experiments {
			if e.Title != "" {
				named[e.Name] = e.Title
			}
		}
	}
	return named
}

// owner is the experiment that a figure's name begins with: the longest, as one name may
// begin another.
func owner(figure string, titles map[string]string) string {
	longest := ""
	for name := range titles {
		if strings.HasPrefix(figure, name+"-") && len(name) > len(longest) {
			longest = name
		}
	}
	return longest
}

func drawings(d *summary.Data) ([]figure, error) {
	var all []figure
	for _, f := range plots.Figures(d) {
		var drawing bytes.Buffer
		if err := f.WriteSVG(&drawing); err != nil {
			return nil, fmt.Errorf("html report: %s: %w", f.Name, err)
		}
		text := drawing.String()
		at := strings.Index(text, "<svg")
		if at < 0 {
			return nil, fmt.Errorf("html report: %s: no drawing", f.Name)
		}
		// The drawing is our own, from numbers and escaped names.
		all = append(all, figure{f.Name, f.Title, template.HTML(text[at:])})
	}
	return all, nil
}

// facts lists the environment for people, what is empty left out.
func facts(e results.Environment) []fact {
	all := []fact{
		{"kernel", e.Kernel}, {"processor", fmt.Sprintf("%d × %s", e.CPUs, e.CPUModel)},
		{"memory", fmt.Sprintf("%.1f GiB", float64(e.MemoryBytes)/(1<<30))}, {"hypervisor", e.Virtualized},
		{"governor", e.Governor}, {"clock source", e.Clocksource}, {"transparent huge pages", e.THP},
		{"Go", e.GoVersion}, {"commit", e.GitCommit}, {"load average before", e.LoadAvg},
		{"command", strings.Join(append([]string{"bench"}, e.HarnessFlags...), " ")},
	}
	if e.GitDirty {
		all = append(all, fact{"uncommitted changes", "yes"})
	}
	for _, group := range []map[string]string{e.Sysctls, e.Mitigations, e.BPFObjects} {
		var names []string
		for name := range group {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			all = append(all, fact{name, group[name]})
		}
	}
	return slices.DeleteFunc(all, func(f fact) bool { return f.Value == "" })
}

// warnings are what a reader must know before the first figure.
func warnings(d *summary.Data) []string {
	var found []string
	for _, run := range d.Runs {
		if run.Finished.IsZero() {
			found = append(found, fmt.Sprintf("The run was interrupted after %d of %d trials.",
				len(run.Trials), run.PlannedTrials))
		}
		if run.Environment.GitDirty {
			found = append(found, "The source had uncommitted changes: the commit alone does not reproduce this.")
		}
		for _, what := range run.Environment.Noise {
			found = append(found, "Before the run: "+what+".")
		}
		failed, saturated := 0, 0
		for _, t := range run.Trials {
			if t.Failure != "" {
				failed++
			} else if t.Client.Saturated != "" {
				saturated++
			}
		}
		if failed > 0 {
			found = append(found, fmt.Sprintf("%d of %d trials failed and are left out; the notes say why.",
				failed, len(run.Trials)))
		}
		if saturated > 0 {
			found = append(found, fmt.Sprintf("In %d of %d trials the load generator was the bottleneck or late.",
				saturated, len(run.Trials)))
		}
	}
	return found
}
