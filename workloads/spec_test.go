package workloads

import (
	"errors"
	"math"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestPresetsAreValid(t *testing.T) {
	for _, name := range Names() {
		spec, err := ByName(name)
		if err != nil || spec.Validate() != nil || spec.Name != name {
			t.Errorf("preset %q: %v, %v", name, err, spec.Validate())
		}
	}
	if _, err := ByName("ycsb-z"); !errors.Is(err, ErrSpec) || !strings.Contains(err.Error(), "ycsb-a") {
		t.Errorf("unknown preset gives %v, want the known ones listed", err)
	}
}

func TestValidateNamesFieldAndValue(t *testing.T) {
	tests := []struct {
		breakIt     func(*Spec)
		field, text string
	}{
		{func(s *Spec) { s.Name = "" }, "name", "empty"},
		{func(s *Spec) { s.Records = 0 }, "records", "0"},
		{func(s *Spec) { s.Records = MaxRecords + 1 }, "records", "1099511627777"},
		{func(s *Spec) { s.ValueBytes = MinValueBytes - 1 }, "value_bytes", "24"},
		{func(s *Spec) { s.ValueBytes = MaxValueBytes + 1 }, "value_bytes", "65537"},
		{func(s *Spec) { s.Mapping = "list" }, "mapping", "list"},
		{func(s *Spec) { s.Mapping, s.ValueBytes = MappingHash, 1005 }, "value_bytes", "1005"},
		{func(s *Spec) { s.Mapping, s.ValueBytes = MappingHash, 100 }, "value_bytes", "100"},
		{func(s *Spec) { s.Mapping, s.ValueBytes, s.ValueSizes = MappingHash, 1000, SizeUniform },
			"value_sizes", "uniform"},
		{func(s *Spec) { s.RMW = "server" }, "rmw", "server"},
		{func(s *Spec) { s.Distribution = "newest" }, "distribution", "newest"},
		{func(s *Spec) { s.Distribution = Latest }, "theta", "0.99"},
		{func(s *Spec) { s.ValueSizes = "normal" }, "value_sizes", "normal"},
		{func(s *Spec) { s.InsertOrder = "reverse" }, "insert_order", "reverse"},
		{func(s *Spec) { s.MaxScanLength = 5 }, "max_scan_length", "5"},
		{func(s *Spec) { s.Theta = 0 }, "theta", "0"},
		{func(s *Spec) { s.Theta = math.NaN() }, "theta", "NaN"},
		{func(s *Spec) { s.Theta = MaxTheta + 1 }, "theta", "5"},
		{func(s *Spec) { s.Distribution = Uniform }, "theta", "0.99"},
		{func(s *Spec) { s.Distribution, s.Theta = YCSBZipfian, 0.5 }, "theta", "0.5"},
		{func(s *Spec) { s.ReadProportion = 0.6 }, "sum of proportions", "1.1"},
		{func(s *Spec) { s.ReadProportion = -0.5 }, "READ", "-0.5"},
		{func(s *Spec) { s.UpdateProportion = math.NaN() }, "UPDATE", "NaN"},
	}
	for _, test := range tests {
		spec, _ := ByName("ycsb-a")
		test.breakIt(&spec)
		err := spec.Validate()
		if !errors.Is(err, ErrSpec) || !strings.Contains(err.Error(), test.field) ||
			!strings.Contains(err.Error(), test.text) {
			t.Errorf("error is %v, want it to name %s and %s", err, test.field, test.text)
		}
	}
}

func TestLimitsAreValid(t *testing.T) {
	spec, _ := ByName("ycsb-a")
	for _, records := range []uint64{1, MaxRecords} {
		for _, size := range []int{MinValueBytes, MaxValueBytes} {
			spec.Records, spec.ValueBytes = records, size
			if err := spec.Validate(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestSpecFromYAML(t *testing.T) {
	const text = "{name: mine, records: 5, value_bytes: 100, mapping: string, rmw: client,\n" +
		"distribution: zipfian, theta: 0.7, read_proportion: 0.25, update_proportion: 0.25,\n" +
		"read_modify_write_proportion: 0.5}"
	want := Spec{
		Name: "mine", Records: 5, ValueBytes: 100, Mapping: MappingString, Distribution: Zipfian, Theta: 0.7,
		ReadProportion: 0.25, UpdateProportion: 0.25, ReadModifyWriteProportion: 0.5, RMW: RMWClient,
	}
	var got Spec
	if err := yaml.Unmarshal([]byte(text), &got); err != nil || got != want || got.Validate() != nil {
		t.Errorf("got %+v, error %v, %v", got, err, got.Validate())
	}
}
