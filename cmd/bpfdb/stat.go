package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bpfdb/engine/server"
)

const (
	statTimeout  = 5 * time.Second
	maxInfoBytes = 1 << 20
)

type statOptions struct {
	addr     string
	interval time.Duration
	count    int
}

func statCommand() *cobra.Command {
	o := &statOptions{}
	cmd := &cobra.Command{
		Use:     "stat",
		Short:   "show the counters of a running server, then their rates until interrupted",
		Example: "  bpfdb stat --count 1\n  bpfdb stat --addr 10.0.0.5:6380 --interval 5s",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.interval <= 0 || o.count < 0 {
				return fault{errUsage, errors.New("--interval must be positive and --count not negative")}
			}
			return o.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.addr, "addr", server.DefaultAddr, "`host:port` of the server")
	f.DurationVar(&o.interval, "interval", time.Second, "time between two lines of rates")
	f.IntVar(&o.count, "count", 0, "how many times to look; 0 = until interrupted")
	return cmd
}

// figure is one counter at one moment.
type figure struct {
	name  string
	value int64
}

func (o *statOptions) run(ctx context.Context, w io.Writer) error {
	conn, err := net.DialTimeout("tcp", o.addr, statTimeout)
	if err != nil {
		return err
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	var before map[string]int64
	ticker := time.NewTicker(o.interval)
	defer ticker.Stop()
	for looked := 1; ; looked++ {
		figures, err := readFigures(conn, in)
		if err != nil {
			return fmt.Errorf("%s: %w", o.addr, err)
		}
		before = show(w, figures, before, o.interval)
		if looked == o.count {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// show prints all figures the first time and then what changed, per second.
func show(w io.Writer, figures []figure, before map[string]int64, interval time.Duration) map[string]int64 {
	now := map[string]int64{}
	var changed []string
	for _, f := range figures {
		now[f.name] = f.value
		if before == nil {
			fmt.Fprintf(w, "%-28s %d\n", f.name, f.value)
		} else if delta := f.value - before[f.name]; delta != 0 {
			changed = append(changed, fmt.Sprintf("%s=%.0f/s", f.name, float64(delta)/interval.Seconds()))
		}
	}
	if before != nil {
		fmt.Fprintln(w, time.Now().Format(time.TimeOnly), strings.Join(changed, " "))
	}
	return now
}

// readFigures asks for INFO and keeps the counters of the engine.
func readFigures(conn net.Conn, in *bufio.Reader) ([]figure, error) {
	if err := conn.SetDeadline(time.Now().Add(statTimeout)); err != nil {
		return nil, err
	}
	if _, err := conn.Write([]byte("INFO transactions bpfdb\r\n")); err != nil {
		return nil, err
	}
	header, err := in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(header, "$")))
	if err != nil || header[0] != '$' || n < 0 || n > maxInfoBytes {
		return nil, fmt.Errorf("INFO answered %q", strings.TrimSpace(header))
	}
	text := make([]byte, n+2)
	if _, err := io.ReadFull(in, text); err != nil {
		return nil, err
	}
	var figures []figure
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if number, err := strconv.ParseInt(value, 10, 64); ok && err == nil {
			figures = append(figures, figure{name, number})
		}
	}
	if len(figures) == 0 {
		return nil, errors.New("INFO has no section bpfdb: not a bpfdb server")
	}
	return figures, nil
}
