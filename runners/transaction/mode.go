package transaction

import (
	"errors"
	"fmt"
	"slices"

	"bpfdb/workloads"
)

// The modes.
const (
	Procedure   = "procedure"
	Lua         = "lua"
	Interactive = "interactive"
	Multi       = "multi"
	Unsafe      = "unsafe"
	SortedSet   = "sorted-set"
)

// Modes lists them.
var Modes = []string{Procedure, Lua, Interactive, Multi, Unsafe, SortedSet}

// ErrMode means that there is no such mode, or that the workload lacks it.
var ErrMode = errors.New("invalid mode")

// procedureFamilies are the families whose transactions exist as stored procedures.
var procedureFamilies = []string{workloads.FamilyVoter, workloads.FamilySmallBank, workloads.FamilyTATP,
	workloads.FamilyClosedEconomy, workloads.FamilyRecords}

// CheckMode returns an error wrapping ErrMode unless the workload's transactions can be
// executed in the mode.
func CheckMode(mode string, spec workloads.Spec) error {
	if !slices.Contains(Modes, mode) {
		return fmt.Errorf("%w: %q is none of %v", ErrMode, mode, Modes)
	}
	if (mode == SortedSet) != (spec.Family == workloads.FamilyScans) {
		return fmt.Errorf("%w: workload %q and mode %q: scans need %s, and nothing else has it",
			ErrMode, spec.Name, mode, SortedSet)
	}
	if mode == Procedure && !slices.Contains(procedureFamilies, spec.Family) {
		return fmt.Errorf("%w: workload %q has no stored procedures; those of %v have",
			ErrMode, spec.Name, procedureFamilies)
	}
	return nil
}
