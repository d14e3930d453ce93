package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bpfdb/plots/page"
	"bpfdb/plots/summary"
	"bpfdb/plots/tables"
)

// reportOptions are the flags of bench report.
type reportOptions struct {
	paper  string
	readme string
	html   string
	check  bool
}

// newReportCommand fills the results tables of PAPER.md and README.md.
func newReportCommand() *cobra.Command {
	var options reportOptions
	command := &cobra.Command{
		Use:   "report RUNDIR... [--html FILE] [--paper PAPER.md] [--readme README.md] [--check]",
		Short: "Write a run as one HTML file; fill the results of the paper and the README",
		Long: "Replace the text between markers such as <!-- results:ycsb --> by the tables the runs give.\n" +
			"With --check nothing is written: the command fails, naming the markers, where a document\n" +
			"shows something else. --html writes figures, tables and provenance as one file that needs no\n" +
			"network; only flame graphs are linked. With none of these the README's summary is printed.",
		Example: "  bench report RUNDIR --html report.html\n" +
			"  bench report RUNDIR --paper PAPER.md --readme README.md\n" +
			"  bench report RUNDIR --paper PAPER.md --check",
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, dirs []string) error {
			data, err := summary.Load(dirs)
			if err != nil {
				return err
			}
			return options.run(command, data)
		},
	}
	command.Flags().StringVar(&options.paper, "paper", "", "document that gets every table")
	command.Flags().StringVar(&options.readme, "readme", "", "document that gets the summary")
	command.Flags().StringVar(&options.html, "html", "", "file to write as a page of everything")
	command.Flags().BoolVar(&options.check, "check", false, "compare only; fail where a document differs")
	return command
}

func (o reportOptions) run(command *cobra.Command, data *summary.Data) error {
	section := func(name string) (string, error) { return tables.Section(data, name) }
	if o.check && o.paper == "" && o.readme == "" {
		return fmt.Errorf("%w --check without --paper or --readme", errUsage)
	}
	if o.html != "" && !o.check {
		if err := writePage(o.html, data); err != nil {
			return err
		}
		fmt.Fprintln(command.OutOrStdout(), o.html)
	}
	if o.paper == "" && o.readme == "" {
		if o.html != "" {
			return nil
		}
		text, err := section("summary")
		fmt.Fprint(command.OutOrStdout(), text)
		return err
	}
	documents := []*document{
		{path: o.paper, required: []string{"ycsb", "engine", "claims"}},
		{path: o.readme, required: []string{"summary"}},
	}
	documents = slices.DeleteFunc(documents, func(d *document) bool { return d.path == "" })
	// Every document is filled before any is written: an error leaves all as they were.
	for _, d := range documents {
		if err := d.fill(section); err != nil {
			return err
		}
	}
	var stale []error
	for _, d := range documents {
		switch {
		case !o.check:
			if err := d.write(); err != nil {
				return err
			}
			fmt.Fprintf(command.OutOrStdout(), "%s: %d tables changed\n", d.path, len(d.changed))
		case len(d.changed) > 0:
			stale = append(stale, fmt.Errorf("%s: %w at results:%s", d.path, tables.ErrStale,
				strings.Join(d.changed, ", results:")))
		}
	}
	return errors.Join(stale...)
}

// writePage writes the HTML report, whole or not at all.
func writePage(path string, data *summary.Data) error {
	var text bytes.Buffer
	if err := page.Write(&text, data, filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.WriteFile(path+".tmp", text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return os.Rename(path+".tmp", path)
}

// document is a Markdown file with markers.
type document struct {
	path     string
	required []string // markers it must hold
	filled   string   // its text with the tables of the runs
	changed  []string // markers whose text that changes
}

func (d *document) fill(section func(string) (string, error)) error {
	text, err := os.ReadFile(d.path)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	d.filled, d.changed, err = tables.Fill(d.path, string(text), section, d.required...)
	return err
}

// write replaces the file whole or not at all.
func (d *document) write() error {
	if len(d.changed) == 0 {
		return nil
	}
	if err := os.WriteFile(d.path+".tmp", []byte(d.filled), 0o644); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return os.Rename(d.path+".tmp", d.path)
}
