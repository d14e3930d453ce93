package results_test

import (
	"testing"

	"bpfdb/results"
)

func TestParity(t *testing.T) {
	settings := map[string]string{"persistence": "none", "memory": "1GiB", "threads": "1 | 2"}
	r := &results.Run{
		Systems: []results.System{
			{Name: "one", Version: "v1", Settings: settings, Observed: map[string]string{"config save": "", "a": "b"}},
			{Name: "far", Remote: "h:1", Settings: settings},
			{Name: "gone", NotInstalled: "no binary", Settings: settings},
		},
		Trials: []results.Trial{
			{Cell: results.Cell{System: "one"}},
			{Cell: results.Cell{System: "one", ServerCPUs: "0"}},
			{Cell: results.Cell{System: "one", ServerCPUs: "0"}},
		},
	}
	const want = `| system | version | persistence | memory | threads | processors | the server says |
|---|---|---|---|---|---|---|
| one | v1 | none | 1GiB | 1 \| 2 | any; server 0, clients any | a b, config save "" |
| far | remote, h:1 | none | 1GiB | 1 \| 2 |  |  |
| gone | not installed | none | 1GiB | 1 \| 2 |  |  |
`
	if got := results.Parity(r); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
