package workloads

import "fmt"

// Data set of the presets; a caller scales it by setting the fields.
const (
	presetRecords    = 1_000_000
	presetValueBytes = 1000 // the record size of YCSB: ten fields of 100 bytes
)

var presets = []Spec{
	ycsb("ycsb-a", Spec{ReadProportion: 0.5, UpdateProportion: 0.5}),
	ycsb("ycsb-b", Spec{ReadProportion: 0.95, UpdateProportion: 0.05}),
	ycsb("ycsb-c", Spec{ReadProportion: 1}),
	ycsbLatest("ycsb-d", Spec{ReadProportion: 0.95, InsertProportion: 0.05}),
	ycsb("ycsb-f", Spec{ReadProportion: 0.5, ReadModifyWriteProportion: 0.5}),
	simple("get", Spec{ReadProportion: 1}),
	simple("set", Spec{UpdateProportion: 1}),
	simple("ping", Spec{PingProportion: 1}),
}

func ycsb(name string, mix Spec) Spec {
	mix = simple(name, mix)
	mix.Distribution, mix.Theta = Zipfian, YCSBTheta
	return mix
}

// ycsbLatest is a YCSB workload that reads what was inserted last.
func ycsbLatest(name string, mix Spec) Spec {
	mix = simple(name, mix)
	mix.Distribution = Latest
	return mix
}

func simple(name string, mix Spec) Spec {
	mix.Name, mix.Records, mix.ValueBytes = name, presetRecords, presetValueBytes
	mix.Mapping, mix.RMW, mix.Distribution = MappingString, RMWClient, Uniform
	return mix
}

// Names lists the presets ByName knows.
func Names() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.Name
	}
	return names
}

// TxnNames lists the presets ByName knows that are made of transactions.
func TxnNames() []string {
	names := make([]string, len(txnPresets))
	for i, p := range txnPresets {
		names[i] = p.Name
	}
	return names
}

// ByName returns a preset: the YCSB core workloads ycsb-a to -f (true Zipf keys; D the latest),
// or get, set and ping (uniform keys), or a workload of transactions: voter, smallbank, tatp,
// ycsb-t or txn4 (uniform keys), or the scans of ycsb-e. The error names the presets there are.
func ByName(name string) (Spec, error) {
	for _, p := range presets {
		if p.Name == name {
			return p, nil
		}
	}
	for _, p := range txnPresets {
		if p.Name == name {
			if p.Distribution == "" {
				p.Distribution = Uniform
			}
			return p, nil
		}
	}
	return Spec{}, fmt.Errorf("%w %q: want one of %v or %v", ErrSpec, name, Names(), TxnNames())
}
