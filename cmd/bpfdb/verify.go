package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"bpfdb/engine/redolog"
)

type verifyOptions struct {
	repair, json bool
}

func verifyCommand() *cobra.Command {
	o := &verifyOptions{}
	cmd := &cobra.Command{
		Use:   "verify DIR",
		Short: "check redo log and checkpoints offline (exit 1 if anything is damaged)",
		Long: "Check every byte of the redo log and the checkpoints in DIR, which no server may be using.\n" +
			"An incomplete end of the log, as a crash leaves it, is no damage: recovery cuts it.\n\n" +
			"--repair keeps the longest whole beginning of the log after the newest valid checkpoint; what is\n" +
			"cut off is lost to the database and kept in files that end in .cut.",
		Example: "  bpfdb verify data\n  bpfdb verify data --repair",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(cmd, args); err != nil {
				return fault{errUsage, err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.OutOrStdout(), args[0]) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.repair, "repair", false, "cut at the first damage")
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
	return cmd
}

// verified is the report with what was done about it.
type verified struct {
	*redolog.Report
	Repaired *redolog.Plan `json:"repaired"`
}

func (o *verifyOptions) run(w io.Writer, dir string) error {
	var result verified
	var err error
	if o.repair {
		if result.Repaired, err = redolog.Repair(redolog.Options{Dir: dir}); err != nil {
			return verifyError(dir, err)
		}
	}
	if result.Report, err = redolog.Verify(redolog.Options{Dir: dir}); err != nil {
		return verifyError(dir, err)
	}
	if o.json {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(result)
	} else {
		err = result.print(w)
	}
	if err == nil && !result.OK() {
		err = fmt.Errorf("%w: %d problems in %s", redolog.ErrCorrupt, len(result.Problems), dir)
	}
	return err
}

// unverifiable are the errors that say that the argument is no directory to verify.
var unverifiable = []error{
	redolog.ErrNoLog, redolog.ErrLocked, redolog.ErrOptions, fs.ErrNotExist, unix.ENOTDIR,
}

// verifyError makes a directory that cannot be verified at all a matter of usage.
func verifyError(dir string, err error) error {
	err = fmt.Errorf("verify %s: %w", dir, err)
	for _, usage := range unverifiable {
		if errors.Is(err, usage) {
			return fault{errUsage, err}
		}
	}
	return err
}

func (v verified) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FILE\tLSNS\tFRAMES\tRECORDS\tBYTES\tSTATE")
	for _, f := range v.Files {
		lsns := fmt.Sprintf("%d-%d", f.FirstLSN, f.LastLSN)
		if f.FirstLSN == f.LastLSN {
			lsns = fmt.Sprint(f.LastLSN)
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%s\n", f.Name, lsns, f.Frames, f.Records, f.Bytes, f.State)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, strings.Join(v.verdict(), "\n"))
	return err
}

// verdict says in sentences what there is.
func (v verified) verdict() (lines []string) {
	if p := v.Repaired; p != nil {
		lines = append(lines, "repaired: "+planned(p))
	}
	begin := "from the beginning of the log"
	if c := v.Checkpoint; c != nil {
		begin = fmt.Sprintf("from the checkpoint at lsn %d with %d keys", c.LSN, c.Keys)
	}
	for _, problem := range v.Problems {
		lines = append(lines, "damaged: "+problem.String())
	}
	switch {
	case v.OK() && v.Cut != nil:
		lines = append(lines, "incomplete end, which recovery cuts: "+v.Cut.String())
		fallthrough
	case v.OK():
		lines = append(lines, fmt.Sprintf("ok: recovery goes %s up to lsn %d", begin, v.LastLSN))
	case v.Plan != nil:
		lines = append(lines, "corrupt: a repair would go on "+begin+"; "+planned(v.Plan))
	default:
		lines = append(lines, "corrupt, and a repair cannot help")
	}
	return lines
}

// planned says what a repair does.
func planned(p *redolog.Plan) string {
	text := fmt.Sprintf("the last commit kept is lsn %d, lost are %d frames with %d records",
		p.LastLSN, p.Frames, p.Records)
	if p.File != "" {
		text += fmt.Sprintf("; %s is cut at offset %d and kept in %s.cut", p.File, p.Offset, p.File)
	}
	if len(p.SetAside) > 0 {
		text += "; set aside as NAME.cut: " + strings.Join(p.SetAside, " ")
	}
	return text
}
