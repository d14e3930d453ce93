package run

import (
	"errors"

	"bpfdb/runners/affinity"
	"bpfdb/runners/netns"
	"bpfdb/runners/plan"
	"bpfdb/runners/spec"
	"bpfdb/runners/system"
)

// locate prepares the place where a trial's server is to run. leave gives it back once the
// server is gone.
func locate(t plan.Trial) (place system.Place, leave func() error, err error) {
	cpus, err := affinity.Parse(t.Cell.ServerCPUs)
	if err != nil {
		return system.Place{}, nil, err
	}
	place = system.Place{Host: t.Listen, CPUs: cpus}
	if t.Cell.Topology != spec.Veth {
		return place, func() error { return nil }, nil
	}
	place.Namespace, err = netns.New()
	if err != nil {
		return system.Place{}, nil, err
	}
	if t.Cell.Loss > 0 {
		if err := place.Namespace.Lossy(); err != nil {
			return system.Place{}, nil, errors.Join(err, place.Namespace.Close())
		}
	}
	return place, place.Namespace.Close, nil
}
