package workloads

import "testing"

func TestLoadInsertsEveryKeyOnce(t *testing.T) {
	spec, _ := ByName("ycsb-c")
	for _, records := range []uint64{1, 2, 99, 1000} {
		for _, workers := range []int{1, 3, 50} {
			spec.Records = records
			seen := make([]bool, records)
			for w := range workers {
				ops, err := NewLoadOps(spec, w, workers)
				if err != nil {
					t.Fatal(err)
				}
				for ops.Len() > 0 {
					op := ops.Next()
					if op.Kind != Insert || op.Version != 0 || seen[op.Key] {
						t.Fatalf("%d records, %d workers: %+v is no insert or comes twice", records, workers, op)
					}
					seen[op.Key] = true
				}
			}
			for key, inserted := range seen {
				if !inserted {
					t.Fatalf("%d records, %d workers: key %d is not inserted", records, workers, key)
				}
			}
		}
	}
}

func TestPingHasNothingToLoad(t *testing.T) {
	spec, _ := ByName("ping")
	ops, err := NewLoadOps(spec, 0, 1)
	if err != nil || ops.Len() != 0 {
		t.Errorf("load of ping has %d inserts, error %v; want none", ops.Len(), err)
	}
}

func TestShareIsEvenAndComplete(t *testing.T) {
	for _, total := range []uint64{0, 1, 7, 50, 1 << 40} {
		for _, workers := range []int{1, 2, 7, 64} {
			next := uint64(0)
			for w := range workers {
				first, count := Share(total, w, workers)
				if first != next || count < total/uint64(workers) || count > total/uint64(workers)+1 {
					t.Fatalf("%d among %d: worker %d has %d from %d", total, workers, w, count, first)
				}
				next += count
			}
			if next != total {
				t.Errorf("%d among %d: shares add up to %d", total, workers, next)
			}
		}
	}
}

// Every field of every record has a number of its own, updates reach all fields, and a field's
// value passes for no other field's.
func TestFieldsOfAHash(t *testing.T) {
	spec := Spec{Name: "mine", Records: 5, ValueBytes: 1000, Mapping: MappingHash, ReadProportion: 1,
		Distribution: Uniform}
	if err := spec.Validate(); err != nil {
		t.Fatal(err)
	}
	layout := NewFieldLayout(spec)
	value := layout.AppendValue(nil, FieldKey(3, 7), 9)
	if len(value) != 100 || layout.Verify(value, FieldKey(3, 7)) != nil {
		t.Errorf("%d bytes, %v", len(value), layout.Verify(value, FieldKey(3, 7)))
	}
	for _, other := range []uint64{FieldKey(3, 8), FieldKey(4, 7)} {
		if layout.Verify(value, other) == nil {
			t.Errorf("it passes for field number %d", other)
		}
	}
	var reached [HashFields]int
	for version := range uint32(1000) {
		reached[FieldOf(version)]++
	}
	for field, n := range reached {
		if n < 50 || n > 150 {
			t.Errorf("field %d is written %d times in 1000, want about 100", field, n)
		}
	}
}
