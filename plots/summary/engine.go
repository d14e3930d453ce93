package summary

import (
	"cmp"
	"fmt"
	"slices"

	"bpfdb/results"
	"bpfdb/runners/stats"
)

// EngineSeries is one operation on a number of processors over table sizes.
type EngineSeries struct {
	Op     string
	CPUs   int
	Points []EngineSummary // by keys, ascending
}

// Name is the series in a legend: "get, 2 CPUs".
func (s EngineSeries) Name() string {
	if s.CPUs == 1 {
		return s.Op + ", 1 CPU"
	}
	return fmt.Sprintf("%s, %d CPUs", s.Op, s.CPUs)
}

// EngineSummary is one table size; repeated measurements of it are its trials.
type EngineSummary struct {
	Keys                uint64
	Rate                Estimate // operations per second, all processors together
	NSPerOp             float64  // median
	OverheadBytesPerKey float64  // largest: a claim about memory must hold every time
}

// EngineValueBytes lists the value sizes the engine was measured with, ascending.
func (d *Data) EngineValueBytes() []int {
	var sizes []int
	for _, point := range d.enginePoints() {
		sizes = append(sizes, point.ValueBytes)
	}
	slices.Sort(sizes)
	return slices.Compact(sizes)
}

// EngineSeries groups the points of one value size by operation and processors.
func (d *Data) EngineSeries(valueBytes int) []EngineSeries {
	type name struct {
		op   string
		cpus int
	}
	grouped := map[name]map[uint64][]results.EnginePoint{}
	for _, p := range d.enginePoints() {
		if p.ValueBytes != valueBytes {
			continue
		}
		key := name{p.Op, p.CPUs}
		if grouped[key] == nil {
			grouped[key] = map[uint64][]results.EnginePoint{}
		}
		grouped[key][p.Keys] = append(grouped[key][p.Keys], p)
	}
	var series []EngineSeries
	for key, byKeys := range grouped {
		s := EngineSeries{Op: key.op, CPUs: key.cpus}
		for keys, points := range byKeys {
			s.Points = append(s.Points, summarise(keys, points))
		}
		slices.SortFunc(s.Points, func(a, b EngineSummary) int { return cmp.Compare(a.Keys, b.Keys) })
		series = append(series, s)
	}
	slices.SortFunc(series, func(a, b EngineSeries) int {
		return cmp.Or(cmp.Compare(a.Op, b.Op), cmp.Compare(a.CPUs, b.CPUs))
	})
	return series
}

func summarise(keys uint64, points []results.EnginePoint) EngineSummary {
	s := EngineSummary{Keys: keys}
	var perOp []float64
	for _, p := range points {
		s.Rate.Values = append(s.Rate.Values, p.RateOps)
		perOp = append(perOp, p.NSPerOp)
		s.OverheadBytesPerKey = max(s.OverheadBytesPerKey, p.OverheadBytesPerKey)
	}
	s.NSPerOp = stats.Median(perOp)
	s.Rate.Median = stats.Median(s.Rate.Values)
	// A fixed seed: an engine run draws nothing at random that a seed would repeat.
	s.Rate.Lo, s.Rate.Hi = stats.BootstrapCI(s.Rate.Values, Confidence, 1)
	return s
}

func (d *Data) enginePoints() []results.EnginePoint {
	var points []results.EnginePoint
	for _, run := range d.Engines {
		points = append(points, run.Points...)
	}
	return points
}
