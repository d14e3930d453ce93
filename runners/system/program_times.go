package system

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/cilium/ebpf"
)

// ProgramTime is what a BPF program has done since it was loaded, while the kernel counted: that
// has to be switched on (bpf(2), BPF_ENABLE_STATS).
type ProgramTime struct {
	Name, Type string
	Runs       uint64
	Time       time.Duration // programs that it calls included
}

// ProgramTimes reads the counters of every BPF program the server holds. A server without any, or
// one that was not started here, has none.
func (s *Server) ProgramTimes() (map[ebpf.ProgramID]ProgramTime, error) {
	return programTimesOf(s.PID())
}

func programTimesOf(pid int) (map[ebpf.ProgramID]ProgramTime, error) {
	times := map[ebpf.ProgramID]ProgramTime{}
	for _, info := range fdInfo(pid) {
		number, err := strconv.ParseUint(info["prog_id"], 10, 32)
		if err != nil || info["link_type"] != "" {
			continue // neither a program nor itself one
		}
		id := ebpf.ProgramID(number)
		if _, seen := times[id]; seen {
			continue
		}
		time, err := programTime(id)
		if errors.Is(err, os.ErrNotExist) {
			continue // unloaded since
		}
		if err != nil {
			return nil, fmt.Errorf("BPF program %d of process %d: %w", id, pid, err)
		}
		times[id] = time
	}
	return times, nil
}

func programTime(id ebpf.ProgramID) (ProgramTime, error) {
	program, err := ebpf.NewProgramFromID(id)
	if err != nil {
		return ProgramTime{}, err
	}
	defer program.Close()
	info, err := program.Info()
	if err != nil {
		return ProgramTime{}, err
	}
	stats, err := program.Stats()
	if err != nil {
		return ProgramTime{}, err
	}
	return ProgramTime{info.Name, info.Type.String(), stats.RunCount, stats.Runtime}, nil
}
