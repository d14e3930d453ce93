package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkServe measures requests of several keys in the program that serves them, pipelined, next
// to the single-key ones they compete with. The median is over program runs: other work on the
// machine stretches some of them.
func BenchmarkServe(b *testing.B) {
	const keys, pipeline = 1000, 64
	value := strings.Repeat("x", 100)
	key := func(i int) string { return fmt.Sprintf("key:%012d", i*7919%keys) }
	cases := []struct {
		name    string
		request func(i int) string
	}{
		{"SET", func(i int) string { return bulk("SET", key(i), value) }},
		{"MSET-1", func(i int) string { return bulk("MSET", key(i), value) }},
		{"MSET-2", func(i int) string { return bulk("MSET", key(i), value, key(i+1), value) }},
		{"MSET-4", func(i int) string {
			return bulk("MSET", key(i), value, key(i+1), value, key(i+2), value, key(i+3), value)
		}},
		{"GET", func(i int) string { return bulk("GET", key(i)) }},
		{"MGET-4", func(i int) string { return bulk("MGET", key(i), key(i+1), key(i+2), key(i+3)) }},
		{"MULTI-4-SET-EXEC", func(i int) string {
			return bulk("MULTI") + bulk("SET", key(i), value) + bulk("SET", key(i+1), value) +
				bulk("SET", key(i+2), value) + bulk("SET", key(i+3), value) + bulk("EXEC")
		}},
		{"CALL-vote", func(i int) string {
			return bulk("CALL", "vote", fmt.Sprint(i), fmt.Sprintf("212%07d", i), fmt.Sprint(i%6+1), "1000000000")
		}},
		{"CALL-send_payment", func(i int) string {
			return bulk("CALL", "send_payment", fmt.Sprint(i), fmt.Sprint(i+1), "1")
		}},
	}
	c := newClient(b, openTest(b), 1)
	for i := range keys {
		c.send([]byte(bulk("SET", key(i), value) + bulk("SET", fmt.Sprintf("b:c:%d", i), "1000000") +
			bulk("SET", fmt.Sprintf("b:s:%d", i), "1000000") + bulk("SET", fmt.Sprintf("b:a:%d", i), fmt.Sprint(i))))
	}
	for i := range 6 {
		c.send([]byte(bulk("SET", fmt.Sprintf("v:c:%d", i+1), "somebody")))
	}
	c.send([]byte(bulk("SET", "v:a:212", "NY")))
	for _, test := range cases {
		b.Run(test.name, func(b *testing.B) {
			var input strings.Builder
			for i := range pipeline {
				input.WriteString(test.request(i))
			}
			c.out = nil
			c.send([]byte(input.String()))
			if reply := string(c.out[:min(len(c.out), 200)]); strings.HasPrefix(reply, "-") {
				b.Fatalf("%q", reply)
			}
			var took []time.Duration
			for done := 0; done < b.N; done += pipeline {
				c.load([]byte(input.String()))
				start := time.Now()
				if status := c.call(); status != engineServeStatusSERVE_DONE {
					b.Fatalf("status %v", status)
				}
				took = append(took, time.Since(start))
				c.out = c.out[:0]
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2])/pipeline, "median-ns/op")
		})
	}
}
