package workloads

import (
	"errors"
	"math"
	"testing"
)

func layoutOf(t *testing.T, sizes string, largest int) (Layout, Spec) {
	t.Helper()
	spec, _ := ByName("ycsb-a")
	spec.ValueSizes, spec.ValueBytes = sizes, largest
	if err := spec.Validate(); err != nil {
		t.Fatal(err)
	}
	return NewLayout(spec), spec
}

// sizeCounts counts the sizes of the values of many keys and versions.
func sizeCounts(l Layout, largest int) []uint64 {
	counts := make([]uint64, largest+1)
	for key := range uint64(1000) {
		for version := range uint32(300) {
			counts[l.Size(key, version)]++ // panics if a size is out of range
		}
	}
	return counts
}

func TestSizes(t *testing.T) {
	const largest = 400
	uniform, _ := layoutOf(t, SizeUniform, largest)
	checkChiSquare(t, sizeCounts(uniform, largest)[1:], func(int) float64 { return 1.0 / largest })
	zipfian, _ := layoutOf(t, SizeZipfian, largest)
	sum := zeta(largest, YCSBTheta)
	checkChiSquare(t, sizeCounts(zipfian, largest)[1:], func(i int) float64 {
		return math.Pow(float64(i+1), -YCSBTheta) / sum
	})
	constant, _ := layoutOf(t, SizeConstant, largest)
	if counts := sizeCounts(constant, largest); counts[largest] != 300_000 {
		t.Errorf("%d values have %d bytes", counts[largest], largest)
	}
}

// TestETC compares sizes with the published law (chi-square over all sizes, the tail above the
// largest gathered there), and the clamped share with what was clamped.
func TestETC(t *testing.T) {
	survival := func(size float64) float64 { // probability of a size of at least this
		return etcTail * math.Pow(1+etcShape*(size-etcLocation)/etcScale, -1/etcShape)
	}
	for _, largest := range []int{25, 1000, MaxValueBytes} {
		l, spec := layoutOf(t, SizeETC, largest)
		probability := func(size int) float64 {
			p := 0.0
			switch {
			case size < len(etcSmall):
				p = etcSmall[size]
			case size < largest:
				p = survival(float64(size)) - survival(float64(size+1))
			default:
				p = survival(float64(size))
			}
			if size == 1 {
				p += etcSmall[0]
			}
			return p
		}
		counts := sizeCounts(l, largest)
		checkChiSquare(t, counts[1:], func(i int) float64 { return probability(i + 1) })
		want := etcSmall[0] + survival(float64(largest+1))
		if got := NewSizes(spec).ClampedShare(); math.Abs(got-want) > 1e-12 {
			t.Errorf("largest %d: clamped share %g, want %g", largest, got, want)
		}
	}
	var sum float64
	for _, p := range etcSmall {
		sum += p
	}
	if math.Abs(sum+etcTail-1) > 1e-12 || math.Abs(etcTail-0.55845) > 1e-9 {
		t.Errorf("small sizes have %g, the tail %g", sum, etcTail)
	}
}

// TestETCTailKS holds the continuous part of the law against its distribution function.
func TestETCTailKS(t *testing.T) {
	const n = 100_000
	worst := 0.0
	for i := range n {
		u := 1 - etcTail*(1-(float64(i)+0.5)/n) // evenly spaced quantiles of the tail
		size := float64(etcSize(u))
		quantile := (float64(i) + 0.5) / n
		lo := 1 - math.Pow(1+etcShape*(size-etcLocation)/etcScale, -1/etcShape)
		hi := 1 - math.Pow(1+etcShape*(size+1-etcLocation)/etcScale, -1/etcShape)
		if quantile < lo-1e-9 || quantile > hi+1e-9 {
			worst = max(worst, lo-quantile, quantile-hi)
		}
	}
	if worst > 0 {
		t.Errorf("the sizes are off by up to %g of probability", worst)
	}
}

func TestLayoutVerifies(t *testing.T) {
	for _, sizes := range []string{SizeConstant, SizeUniform, SizeZipfian, SizeETC} {
		l, _ := layoutOf(t, sizes, 300)
		for key := range uint64(3000) {
			value := l.AppendValue([]byte("x"), key, uint32(key%7))
			if len(value) != 1+l.Size(key, uint32(key%7)) {
				t.Fatalf("%s: %d bytes, want %d", sizes, len(value)-1, l.Size(key, uint32(key%7)))
			}
			value = value[1:]
			if err := l.Verify(value, key); err != nil {
				t.Fatalf("%s: %v", sizes, err)
			}
			if err := l.Verify(value, key+1); !errors.Is(err, ErrValueKey) {
				t.Fatalf("%s: %q passes for key number %d: %v", sizes, value, key+1, err)
			}
			if len(value) > headerBytes && l.Verify(value[:len(value)-1], key) == nil {
				t.Fatalf("%s: a value of %d bytes passes when cut", sizes, len(value))
			}
		}
		if err := l.Verify(nil, 1); !errors.Is(err, ErrValueCorrupt) {
			t.Errorf("%s: no bytes give %v", sizes, err)
		}
	}
}

// TestOrderedNames: insertorder=ordered of YCSB names the number itself, not padded.
func TestOrderedNames(t *testing.T) {
	spec, _ := ByName("ycsb-a")
	if got := string(NewLayout(spec).AppendKey(nil, 1)); got != "user8517097267634966620" {
		t.Errorf("hashed: %s", got)
	}
	spec.InsertOrder = InsertOrdered
	for number, want := range map[uint64]string{0: "user0", 7: "user7", 1_000_000: "user1000000"} {
		if got := string(NewLayout(spec).AppendKey(nil, number)); got != want {
			t.Errorf("ordered: %s, want %s", got, want)
		}
	}
}
