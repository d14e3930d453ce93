package kerneltest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestDecide(t *testing.T) {
	present := Feature{"present", func() error { return nil }}
	absent := Feature{"absent", func() error { return fmt.Errorf("%w: not here", ErrMissing) }}
	broken := Feature{"broken", func() error { return errors.New("probe fell over") }}
	tests := []struct {
		name      string
		ci        bool
		features  []Feature
		skip, err string // wanted part of the text, "" for none
	}{
		{"all there", true, []Feature{present, present}, "", ""},
		{"missing at home", false, []Feature{present, absent}, "needs absent", ""},
		{"missing in CI", true, []Feature{absent}, "", "forbids skipping"},
		{"broken at home", false, []Feature{broken}, "", "probe fell over"},
	}
	for _, tt := range tests {
		skip, err := decide(tt.ci, tt.features)
		if (skip == "") != (tt.skip == "") || !strings.Contains(skip, tt.skip) {
			t.Errorf("%s: skip %q, want %q", tt.name, skip, tt.skip)
		}
		if (err == nil) != (tt.err == "") || (err != nil && !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.err)
		}
	}
}

func TestProbesTellMissingFromPresent(t *testing.T) {
	for _, f := range []Feature{Kernel(99, 0), Tool("no-such-tool-here")} {
		if err := f.Probe(); !errors.Is(err, ErrMissing) {
			t.Errorf("%s: got %v, want ErrMissing", f.Name, err)
		}
	}
	for _, f := range []Feature{Kernel(2, 6), Tool("go")} {
		if err := f.Probe(); err != nil {
			t.Errorf("%s: got %v, want present", f.Name, err)
		}
	}
}

func TestKfuncProbe(t *testing.T) {
	Require(t, BTF)
	if err := Kfunc("bpf_rdonly_cast").Probe(); err != nil {
		t.Errorf("bpf_rdonly_cast, there since 6.2: %v", err)
	}
	if err := Kfunc("bpf_no_such_kfunc").Probe(); !errors.Is(err, ErrMissing) {
		t.Errorf("bpf_no_such_kfunc: got %v, want ErrMissing", err)
	}
}
