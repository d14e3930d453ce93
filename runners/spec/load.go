package spec

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"bpfdb/runners/affinity"
	"bpfdb/runners/document"
	"bpfdb/runners/driver"
)

// Topologies an experiment may have.
const (
	Loopback = "loopback"
	Veth     = "veth" // the server in a network namespace of its own, behind a pair of interfaces
)

// Load is how an experiment puts its operations to the systems, beyond their number.
type Load struct {
	Rates   []float64 // operations per second of open loops; none: a closed loop
	Arrival string    // driver.Poisson, the default, or driver.Fixed
	SLO     *SLO      // search the highest rate instead of measuring given ones
	Ramp    time.Duration
	Steady  driver.Steady // zero: the warm-up does not wait for it

	Clients    []string // commands that generate the load together; none: this process
	Listen     string   // address the servers bind to
	Topologies []string
	Losses     []float64 // shares of packets that the link loses; none: nothing is lost
	ServerCPUs string    // as in taskset -c; empty: any
	ClientCPUs string
}

// SLO is a limit of response time and where to look for the highest rate within it.
type SLO struct {
	Percentile float64       // 0 to 100
	Limit      time.Duration // of response time at the percentile
	From, To   float64       // rates, operations per second
	Resolution float64       // the search ends when the rate is known to this share
}

// String is the limit as cells name it.
func (s *SLO) String() string { return fmt.Sprintf("p%g<=%v", s.Percentile, s.Limit) }

// maxLoss is more than a connection survives.
const maxLoss = 0.5

// LocalClient in Load.Clients is this program on this machine.
const LocalClient = "local"

func defaultLoad() Load {
	return Load{Arrival: driver.Poisson, Listen: "127.0.0.1", Topologies: []string{Loopback}}
}

func (l *Load) targets() map[string]any {
	var nested map[string]any
	return map[string]any{
		"rates": &l.Rates, "arrival": &l.Arrival, "clients": &l.Clients, "listen": &l.Listen,
		"topologies": &l.Topologies, "losses": &l.Losses,
		"server_cpus": &l.ServerCPUs, "client_cpus": &l.ClientCPUs,
		"ramp_sec": &seconds{&l.Ramp}, "slo": &nested, "steady": &nested,
	}
}

// seconds decodes a number of seconds.
type seconds struct{ to *time.Duration }

// UnmarshalYAML implements the YAML library's interface.
func (s *seconds) UnmarshalYAML(decode func(any) error) error {
	var number float64
	if err := decode(&number); err != nil {
		return err
	}
	*s.to = time.Duration(number * float64(time.Second))
	return nil
}

// decodeNested reads the fields that are mappings.
func (l *Load) decodeNested(fields *document.Mapping) error {
	if m, err := fields.Mapping("slo"); err != nil {
		return err
	} else if m != nil {
		l.SLO = &SLO{Percentile: 99, From: 1000, To: driver.MaxRate, Resolution: 0.05}
		limitUS := 0.0
		err := m.Decode(map[string]any{"percentile": &l.SLO.Percentile, "limit_us": &limitUS,
			"from": &l.SLO.From, "to": &l.SLO.To, "resolution": &l.SLO.Resolution})
		if err != nil {
			return err
		}
		l.SLO.Limit = time.Duration(limitUS * float64(time.Microsecond))
		if err := l.SLO.check(m); err != nil {
			return err
		}
	}
	m, err := fields.Mapping("steady")
	if err != nil || m == nil {
		return err
	}
	l.Steady = driver.Steady{Window: time.Second, Windows: 5, Band: 0.05, Slope: 0.05, Limit: time.Minute}
	return m.Decode(map[string]any{
		"window_sec": &seconds{&l.Steady.Window}, "windows": &l.Steady.Windows, "band": &l.Steady.Band,
		"slope": &l.Steady.Slope, "limit_sec": &seconds{&l.Steady.Limit},
	})
}

func (s *SLO) check(m *document.Mapping) error {
	switch {
	case !(s.Percentile > 0 && s.Percentile < 100):
		return m.Errorf("percentile", "%v is not above 0 and below 100", s.Percentile)
	case s.Limit <= 0:
		return m.Errorf("limit_us", "missing, or not above 0")
	case !(s.From > 0):
		return m.Errorf("from", "%v is not above 0", s.From)
	case !(s.To >= s.From && s.To <= driver.MaxRate):
		return m.Errorf("to", "%v is not in %v..%d", s.To, s.From, driver.MaxRate)
	case !(s.Resolution >= 0.001 && s.Resolution < 1):
		return m.Errorf("resolution", "%v is not in 0.001..1", s.Resolution)
	}
	return nil
}

func (l *Load) check(fields *document.Mapping) error {
	for _, rate := range l.Rates {
		if !(rate > 0 && rate <= driver.MaxRate) {
			return fields.Errorf("rates", "%v is not above 0, at most %d", rate, driver.MaxRate)
		}
	}
	switch {
	case l.Arrival != driver.Fixed && l.Arrival != driver.Poisson:
		return fields.Errorf("arrival", "%q is neither %s nor %s", l.Arrival, driver.Fixed, driver.Poisson)
	case fields.Has("arrival") && len(l.Rates) == 0 && l.SLO == nil:
		return fields.Errorf("arrival", "only an open loop, with `rates` or `slo`, has one")
	case l.SLO != nil && len(l.Rates) > 0:
		return fields.Errorf("slo", "the search chooses the rates itself; leave `rates` out")
	case net.ParseIP(l.Listen) == nil:
		return fields.Errorf("listen", "%q is not an IP address", l.Listen)
	}
	for _, topology := range l.Topologies {
		if topology != Loopback && topology != Veth {
			return fields.Errorf("topologies", "%q is neither %s nor %s", topology, Loopback, Veth)
		}
	}
	for _, loss := range l.Losses {
		if !(loss >= 0 && loss <= maxLoss) {
			return fields.Errorf("losses", "%v is not in 0..%v", loss, maxLoss)
		}
	}
	if len(l.Losses) > 0 {
		if !slices.Equal(l.Topologies, []string{Veth}) {
			return fields.Errorf("losses", "only the topology %s loses packets", Veth)
		}
		if err := distinct(fields, "losses", l.Losses); err != nil {
			return err
		}
	}
	for i, client := range l.Clients {
		if len(strings.Fields(client)) == 0 {
			return fields.Errorf("clients", "number %d is empty: want %s, or a command such as `ssh host bench`",
				i+1, LocalClient)
		}
	}
	for field, cpus := range map[string]string{"server_cpus": l.ServerCPUs, "client_cpus": l.ClientCPUs} {
		if _, err := affinity.Parse(cpus); err != nil {
			return fields.Errorf(field, "%v", err)
		}
	}
	if len(l.Rates) > 0 {
		if err := distinct(fields, "rates", l.Rates); err != nil {
			return err
		}
	}
	return distinct(fields, "topologies", l.Topologies)
}
