package summary

import (
	"cmp"
	"slices"

	"bpfdb/results"
	"bpfdb/runners/stats"
)

// Memory is what a loaded system takes for each of its keys, medians over the good trials of all
// experiments that load the same. A figure is (loaded - empty) / keys, in bytes; 0 where the system
// does not say, or the run is from before it was recorded.
type Memory struct {
	System     string
	Mapping    string // as Setting.Mapping has it
	ValueBytes int
	Records    uint64

	UsedPerKey     float64 // by the server's own count, used_memory
	ResidentPerKey float64 // of the process
	MapsPerKey     float64 // of its BPF maps, as the kernel accounts for them
	MapsBytes      float64 // of all of them, loaded: what is allocated ahead is in no key's share
}

// memoryOf is what decides how much a load takes.
type memoryOf struct {
	mapping string
	value   int
	records uint64
	system  string
}

// Memory lists what keys take, by what is loaded and then by system. Transactions have rows of many
// sizes, and are left out.
func (d *Data) Memory() []Memory {
	trials := map[memoryOf][]*results.Trial{}
	for _, run := range d.Runs {
		for i := range run.Trials {
			t := &run.Trials[i]
			c := t.Cell
			if t.Failure != "" || t.ServerMemory == 0 || c.Mode != "" || c.ValueBytes == 0 || c.Records == 0 {
				continue
			}
			at := memoryOf{settingOf(c).Mapping(), c.ValueBytes, c.Records, c.System}
			trials[at] = append(trials[at], t)
		}
	}
	var all []Memory
	for at, of := range trials {
		m := Memory{System: at.system, Mapping: at.mapping, ValueBytes: at.value, Records: at.records}
		for _, figure := range []struct {
			to   *float64
			read func(*results.Trial) (empty, loaded uint64)
		}{
			{&m.UsedPerKey, func(t *results.Trial) (uint64, uint64) { return t.ServerEmpty, t.ServerMemory }},
			{&m.ResidentPerKey, func(t *results.Trial) (uint64, uint64) {
				return t.ServerEmptyResident, t.ServerResident
			}},
			{&m.MapsPerKey, func(t *results.Trial) (uint64, uint64) { return t.ServerEmptyMaps, t.ServerMaps }},
		} {
			*figure.to = grown(of, figure.read) / float64(at.records)
		}
		var maps []float64
		for _, t := range of {
			maps = append(maps, float64(t.ServerMaps))
		}
		m.MapsBytes = stats.Median(maps)
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b Memory) int {
		return cmp.Or(cmp.Compare(a.Mapping, b.Mapping), cmp.Compare(a.ValueBytes, b.ValueBytes),
			cmp.Compare(a.Records, b.Records), cmp.Compare(a.System, b.System))
	})
	return all
}

// grown is the median of what loading has added, over the trials that know both.
func grown(trials []*results.Trial, read func(*results.Trial) (empty, loaded uint64)) float64 {
	var added []float64
	for _, t := range trials {
		if empty, loaded := read(t); empty > 0 && loaded > empty {
			added = append(added, float64(loaded-empty))
		}
	}
	if len(added) == 0 {
		return 0
	}
	return stats.Median(added)
}
