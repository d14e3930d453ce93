package spec_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"bpfdb/runners/document"
	"bpfdb/runners/spec"
)

// recovery is a spec of restarts.
const recovery = `name: e
title: E
workloads: [set]
distributions: [uniform]
value_bytes: [100]
systems: [kept]
records: 1000
rounds: 3
recovery: [term, kill]
profiles: {paper: {records: 5000}}
`

func TestReadRecovery(t *testing.T) {
	s, err := spec.Read(write(t, recovery))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{spec.StopTerm, spec.StopKill}; !reflect.DeepEqual(s.Durability.Recovery, want) {
		t.Errorf("recovery %v, want %v", s.Durability.Recovery, want)
	}
	if s.Profiles["paper"].Operations != 5000 || s.Profiles["quick"].Records != 1000 {
		t.Errorf("profiles %+v", s.Profiles)
	}
}

func TestReadRejectsDurability(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no such end": {strings.Replace(recovery, "[term, kill]", "[nap]", 1),
			`"nap" is neither term nor kill`},
		"the same end twice":    {strings.Replace(recovery, "[term, kill]", "[kill, kill]", 1), "given twice"},
		"a load besides":        {recovery + "connections: [50]\n", "no load besides its records"},
		"a load in a profile":   {strings.Replace(recovery, "records: 5000", "operations: 9", 1), "no load besides"},
		"nothing is kept":       {strings.Replace(recovery, "[kept]", "[one]", 1), "one keeps nothing"},
		"no records":            {strings.Replace(recovery, "[set]", "[ping]", 1), "records that are single keys"},
		"a checkpoint, no time": {good + "checkpoint: true\n", "want duration_sec"},
		"nothing of that name":  {good + "varies: [colour]\n", `"colour" is none of`},
		"unfair, not varied":    {strings.Replace(good, "[one, two]", "[one, big]", 1), "unfair comparison"},
	} {
		_, err := spec.Read(write(t, c.text))
		var mistake *document.Error
		if !errors.As(err, &mistake) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	apart := strings.Replace(good, "[one, two]", "[one, big]", 1) + "varies: [memory]\n"
	if _, err := spec.Read(write(t, apart)); err != nil {
		t.Errorf("systems that differ on purpose: %v", err)
	}
}
