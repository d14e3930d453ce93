package spec_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"bpfdb/runners/document"
	"bpfdb/runners/driver"
	"bpfdb/runners/spec"
)

// with adds fields to the good spec.
func with(fields string) string { return good + fields }

// byTime is the good spec with trials that time ends.
func byTime(fields string) string {
	return strings.NewReplacer("operations: 5000", "duration_sec: 2.5").Replace(good) + fields
}

func TestReadLoad(t *testing.T) {
	s, err := spec.Read(write(t, byTime("rates: [1000, 2500.5]\narrival: fixed\nwarmup_sec: 1\nramp_sec: 0.5\n"+
		"steady: {windows: 4, limit_sec: 8}\nclients: [local, ssh h bench]\nlisten: 10.0.0.1\n"+
		"topologies: [veth, loopback]\nserver_cpus: 0-1\nclient_cpus: \"2\"\n")))
	if err != nil {
		t.Fatal(err)
	}
	want := spec.Load{
		Rates: []float64{1000, 2500.5}, Arrival: driver.Fixed, Ramp: 500 * time.Millisecond,
		Steady:  driver.Steady{Window: time.Second, Windows: 4, Band: 0.05, Slope: 0.05, Limit: 8 * time.Second},
		Clients: []string{"local", "ssh h bench"}, Listen: "10.0.0.1",
		Topologies: []string{spec.Veth, spec.Loopback}, ServerCPUs: "0-1", ClientCPUs: "2",
	}
	if !reflect.DeepEqual(s.Load, want) {
		t.Errorf("load %+v\nwant %+v", s.Load, want)
	}
	size := s.Profiles["quick"]
	if size.Duration != 2500*time.Millisecond || size.Operations != 0 || size.WarmupDuration != time.Second {
		t.Errorf("size %+v", size)
	}
	warmup := driver.Warmup{Duration: time.Second, Ramp: want.Ramp, Steady: want.Steady}
	if got := s.Warmup(size, 0); got != warmup {
		t.Errorf("warm-up %+v, want %+v", got, warmup)
	}
}

func TestReadSLO(t *testing.T) {
	s, err := spec.Read(write(t, byTime("slo: {limit_us: 1500, to: 50000}\n")))
	if err != nil {
		t.Fatal(err)
	}
	want := spec.SLO{Percentile: 99, Limit: 1500 * time.Microsecond, From: 1000, To: 50_000, Resolution: 0.05}
	if *s.Load.SLO != want || s.Load.SLO.String() != "p99<=1.5ms" {
		t.Errorf("read as %v, %+v", s.Load.SLO, *s.Load.SLO)
	}
}

func TestReadRefusesLoads(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{with("rates: [0]\n"), "rates: 0 is not above 0"},
		{with("rates: [1e9]\n"), "rates: 1e+09 is not above 0, at most"},
		{with("rates: [5, 5]\n"), "rates: 5 is given twice"},
		{with("arrival: fixed\n"), "arrival: only an open loop"},
		{with("rates: [5]\narrival: bursts\n"), `arrival: "bursts" is neither fixed nor poisson`},
		{with("slo: {limit_us: 5}\n"), "duration_sec: missing: how long the search tries each rate"},
		{byTime("slo: {limit_us: 5}\nrates: [5]\n"), "slo: the search chooses the rates"},
		{byTime("slo: {}\n"), "slo.limit_us: missing"},
		{byTime("slo: {limit_us: 5, percentile: 100}\n"), "slo.percentile: 100 is not above 0"},
		{byTime("slo: {limit_us: 5, from: 10, to: 5}\n"), "slo.to: 5 is not in 10.."},
		{byTime("slo: {limit_us: 5, resolution: 0}\n"), "slo.resolution: 0 is not in"},
		{byTime("slo: {limit: 5}\n"), "slo.limit: unknown field"},
		{with("listen: localhost\n"), `listen: "localhost" is not an IP address`},
		{with("topologies: [ring]\n"), `topologies: "ring" is neither loopback nor veth`},
		{with("losses: [0.01]\n"), "losses: only the topology veth loses packets"},
		{with("topologies: [veth]\nlosses: [0.6]\n"), "losses: 0.6 is not in 0..0.5"},
		{with("topologies: [veth]\nlosses: [0, 0]\n"), "losses: 0 is given twice"},
		{with("topologies: [veth, veth]\n"), "topologies: veth is given twice"},
		{with("clients: [\" \"]\n"), "clients: number 1 is empty"},
		{with("server_cpus: x\n"), `server_cpus: invalid list of processors "x"`},
		{with("duration_sec: -1\n"), "duration_sec: -1s is not in 0s..24h"},
		{with("ramp_sec: 1\n"), "ramp_sec: the load rises in a warm-up that ends by time"},
		{with("warmup_sec: 1\nramp_sec: 2\n"), "warmup_sec: invalid driver configuration: ramp is 2s"},
		{with("steady: {}\nwarmup_operations: 5\n"), "warmup_operations: the warm-up ends by time"},
		{with("steady: {windows: 1}\n"), "steady windows is 1, want at least 3"},
	} {
		_, err := spec.Read(write(t, c.text))
		var mistake *document.Error
		if !errors.As(err, &mistake) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v\nwant %s", err, c.want)
		}
	}
}
