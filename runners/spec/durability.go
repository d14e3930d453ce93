package spec

import (
	"slices"

	"bpfdb/runners/document"
	"bpfdb/runners/driver"
	"bpfdb/runners/system"
	"bpfdb/workloads"
)

// Ways a recovery ends the server, as Durability.Recovery and cells name them.
const (
	StopTerm = "term" // SIGTERM: the server has time to put its data in order
	StopKill = "kill" // SIGKILL: it has none
)

// Durability is what an experiment asks of data on disk.
type Durability struct {
	// Varies names settings in which the systems differ on purpose, such as persistence.
	Varies []string
	// Checkpoint has each server write one (BGSAVE) when half of the measured phase is over.
	Checkpoint bool
	// Recovery makes trials that load the records, end the server in each of these ways,
	// start it again and take the time until it has them back. None: ordinary trials.
	Recovery []string
}

func (d *Durability) targets() map[string]any {
	return map[string]any{"varies": &d.Varies, "checkpoint": &d.Checkpoint, "recovery": &d.Recovery}
}

// Connections and pipeline of a recovery's load, which is not what is measured.
const (
	recoveryConnections = 8
	recoveryPipeline    = 16
)

// loadOnly are the fields of a load that a recovery does not have.
var loadOnly = []string{"connections", "pipeline", "threads", "operations", "pipelined_operations", "warmup_operations",
	"duration_sec", "warmup_sec", "rates", "arrival", "slo", "ramp_sec", "steady", "clients", "modes", "checkpoint"}

// decodeDurability fills in what a recovery leaves out.
func (s *Spec) decodeDurability(fields *document.Mapping) error {
	if len(s.Durability.Recovery) == 0 {
		return nil
	}
	for _, field := range loadOnly {
		if fields.Has(field) {
			return fields.Errorf(field, "a recovery has no load besides its records")
		}
	}
	s.Connections, s.Pipeline = []int{recoveryConnections}, []int{recoveryPipeline}
	for name, size := range s.Profiles {
		if size.Operations != s.Default.Operations || size.Duration != 0 {
			return fields.Errorf("profiles", "%s: a recovery has no load besides its records", name)
		}
		size.Operations = size.Records
		s.Profiles[name] = size
	}
	return nil
}

func (s *Spec) checkDurability(fields *document.Mapping) error {
	d := s.Durability
	for _, setting := range d.Varies {
		if !slices.Contains(system.Parity, setting) {
			return fields.Errorf("varies", "%q is none of %v", setting, system.Parity)
		}
	}
	if d.Checkpoint {
		for _, size := range s.Profiles {
			if size.Duration == 0 || len(s.Modes) > 0 || s.Load.SLO != nil {
				return fields.Errorf("checkpoint", "want duration_sec in each profile, and neither modes nor slo")
			}
		}
	}
	if len(d.Recovery) == 0 {
		return nil
	}
	if err := distinct(fields, "recovery", d.Recovery); err != nil {
		return err
	}
	for _, stop := range d.Recovery {
		if stop != StopTerm && stop != StopKill {
			return fields.Errorf("recovery", "%q is neither %s nor %s", stop, StopTerm, StopKill)
		}
	}
	for _, d := range s.Systems {
		if d.Keeps == "" {
			return fields.Errorf("systems", "%s keeps nothing: its definition has no `keeps`", d.Name)
		}
	}
	for _, name := range s.Workloads {
		if w, err := workloads.ByName(name); err == nil && (!w.HasData() || w.Transactional()) {
			return fields.Errorf("workloads", "%s: a recovery needs records that are single keys", name)
		}
	}
	if s.Driver != driver.Raw {
		return fields.Errorf("driver", "a recovery has no load besides its records")
	}
	return nil
}
