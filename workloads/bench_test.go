package workloads

import "testing"

func BenchmarkNext(b *testing.B) {
	for _, distribution := range []string{Uniform, Zipfian, YCSBZipfian} {
		b.Run(distribution, func(b *testing.B) {
			spec, _ := ByName("ycsb-a")
			spec.Distribution = distribution
			if distribution == Uniform {
				spec.Theta = 0
			}
			s, err := NewStream(spec, 1, 0, 1)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				s.Next()
			}
		})
	}
}

func BenchmarkAppendKey(b *testing.B) {
	var space [MaxKeyBytes]byte
	n := uint64(0)
	for b.Loop() {
		AppendKey(space[:0], n)
		n++
	}
}

func BenchmarkValue1000(b *testing.B) {
	value := AppendValue(nil, 1, 2, 1000)
	b.Run("append", func(b *testing.B) {
		for b.Loop() {
			AppendValue(value[:0], 1, 2, 1000)
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if err := VerifyValue(value, 1); err != nil {
				b.Fatal(err)
			}
		}
	})
}
