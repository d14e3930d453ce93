package export

import (
	"encoding/csv"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"bpfdb/results"
)

// CSV writes one line per trial and kind of operation; a failed trial has one line with
// its reason. The columns are the fields of run.json: run_started, those of the cell,
// of the trial where they are single values, of its CPU time as cpu_*, and of one latency.
func CSV(w io.Writer, run *results.Run) error {
	table := csv.NewWriter(w)
	header := []string{"run_started", "git_commit"}
	for _, part := range parts(&results.Trial{}, &results.OpLatency{}) {
		header = append(header, part.name)
	}
	if err := table.Write(header); err != nil {
		return err
	}
	for i := range run.Trials {
		t := &run.Trials[i]
		latencies := t.Latency
		if t.Failure != "" || len(latencies) == 0 {
			latencies = []results.OpLatency{{}}
		}
		for j := range latencies {
			line := []string{text(reflect.ValueOf(run.Started)), run.Environment.GitCommit}
			for _, part := range parts(t, &latencies[j]) {
				line = append(line, text(part.value))
			}
			if err := table.Write(line); err != nil {
				return err
			}
		}
	}
	table.Flush()
	return table.Error()
}

// part is one column and its value.
type part struct {
	name  string
	value reflect.Value
}

func parts(t *results.Trial, latency *results.OpLatency) []part {
	all := singles("", reflect.ValueOf(t.Cell))
	all = append(all, singles("", reflect.ValueOf(*t))...)
	all = append(all, singles("cpu_", reflect.ValueOf(t.CPU))...)
	return append(all, singles("", reflect.ValueOf(*latency))...)
}

// singles lists the fields of a struct that are single values, under their JSON names.
func singles(prefix string, structure reflect.Value) []part {
	var all []part
	for i := range structure.NumField() {
		field := structure.Field(i)
		name, _, _ := strings.Cut(structure.Type().Field(i).Tag.Get("json"), ",")
		kind := field.Type()
		if kind.Kind() == reflect.Pointer { // a value that may be absent
			kind = kind.Elem()
		}
		switch kind.Kind() {
		case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint64, reflect.Float64:
			all = append(all, part{prefix + name, field})
		default:
			if kind == reflect.TypeFor[time.Time]() {
				all = append(all, part{prefix + name, field})
			}
		}
	}
	return all
}

func text(value reflect.Value) string {
	if value.Kind() == reflect.Pointer {
		if value.IsNil() {
			return ""
		}
		value = value.Elem()
	}
	if at, isTime := value.Interface().(time.Time); isTime {
		return at.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprint(value.Interface())
}
