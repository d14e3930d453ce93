package redolog_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"bpfdb/engine/redolog"
)

const (
	benchRecords    = 500_000
	benchFrameBytes = 64 << 10
)

// fill appends commits of one key with a value of so many bytes.
func fill(b *testing.B, log *redolog.Log, records, valueBytes int) {
	value := make([]byte, valueBytes)
	var frame []byte
	first := uint64(1)
	for lsn := uint64(1); lsn <= uint64(records); lsn++ {
		key := fmt.Appendf(nil, "user%012d", lsn)
		frame = redolog.AppendRecord(frame, lsn, redolog.Entry{Op: redolog.OpSet, Key: key, Value: value})
		if len(frame) >= benchFrameBytes || lsn == uint64(records) {
			if err := log.Append(frame, first, lsn, int(lsn-first+1)); err != nil {
				b.Fatal(err)
			}
			frame, first = frame[:0], lsn+1
		}
	}
}

// withRecords opens a log of benchRecords commits and leaves it to measure.
func withRecords(b *testing.B, valueBytes int, measure func(b *testing.B, options redolog.Options)) {
	b.Run(fmt.Sprintf("value=%d", valueBytes), func(b *testing.B) {
		options := redolog.Options{Dir: b.TempDir()}
		log, _, err := redolog.Open(options)
		if err != nil {
			b.Fatal(err)
		}
		fill(b, log, benchRecords, valueBytes)
		if err := log.Close(); err != nil {
			b.Fatal(err)
		}
		measure(b, options)
		b.ReportMetric(benchRecords*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	})
}

// BenchmarkOpen checks a log.
func BenchmarkOpen(b *testing.B) {
	for _, valueBytes := range []int{100, 1000} {
		withRecords(b, valueBytes, func(b *testing.B, options redolog.Options) {
			for b.Loop() {
				log, _, err := redolog.Open(options)
				if err != nil {
					b.Fatal(err)
				}
				if err := log.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkReplay looks at every entry of a log that is open.
func BenchmarkReplay(b *testing.B) {
	for _, valueBytes := range []int{100, 1000} {
		withRecords(b, valueBytes, func(b *testing.B, options redolog.Options) {
			log, recovery, err := redolog.Open(options)
			if err != nil {
				b.Fatal(err)
			}
			defer log.Close()
			b.ReportAllocs()
			for b.Loop() {
				bytes := 0
				err := recovery.Replay(func(record redolog.Record) error {
					for entry := range record.Entries.All() {
						bytes += len(entry.Key) + len(entry.Value)
					}
					return nil
				})
				if err != nil || bytes != benchRecords*(valueBytes+16) {
					b.Fatalf("%d bytes, %v", bytes, err)
				}
			}
		})
	}
}

// BenchmarkSync appends and syncs frames of 8 KiB, into a segment that was prepared or only allocated.
func BenchmarkSync(b *testing.B) {
	for _, prepare := range []bool{false, true} {
		b.Run(fmt.Sprintf("prepared=%v", prepare), func(b *testing.B) {
			log, _, err := redolog.Open(redolog.Options{Dir: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			defer log.Close()
			if prepare {
				if err := log.Prepare(); err != nil {
					b.Fatal(err)
				}
			}
			if err := log.Append(recordOf(1, redolog.MaxRecordBytes), 1, 1, 1); err != nil {
				b.Fatal(err)
			}
			lsn := fillSegment(b, log)
			var latencies []time.Duration
			for b.Loop() {
				lsn++
				if err := log.Append(recordOf(lsn, 8<<10), lsn, lsn, 1); err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				if _, err := log.Sync(); err != nil {
					b.Fatal(err)
				}
				latencies = append(latencies, time.Since(start))
			}
			slices.Sort(latencies)
			b.ReportMetric(float64(latencies[len(latencies)/2].Nanoseconds()), "p50-ns")
			b.ReportMetric(float64(latencies[len(latencies)*99/100].Nanoseconds()), "p99-ns")
		})
	}
}

// fillSegment appends until the second segment begins.
func fillSegment(b *testing.B, log *redolog.Log) (lsn uint64) {
	for lsn = 2; lsn <= redolog.DefaultSegmentBytes/redolog.MaxRecordBytes; lsn++ {
		if err := log.Append(recordOf(lsn, redolog.MaxRecordBytes), lsn, lsn, 1); err != nil {
			b.Fatal(err)
		}
	}
	return lsn - 1
}

// BenchmarkAppend appends frames of about 64 KiB.
func BenchmarkAppend(b *testing.B) {
	log, _, err := redolog.Open(redolog.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	entry := redolog.Entry{Op: redolog.OpSet, Key: []byte("user000000000001"), Value: make([]byte, 100)}
	records, lsn := 0, uint64(0)
	var frame []byte
	for b.Loop() {
		frame = frame[:0]
		first := lsn + 1
		for len(frame) < benchFrameBytes {
			lsn++
			frame = redolog.AppendRecord(frame, lsn, entry)
		}
		if err := log.Append(frame, first, lsn, int(lsn-first+1)); err != nil {
			b.Fatal(err)
		}
		records += int(lsn - first + 1)
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}
