package server

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bpfdb/internal/impair"
)

const (
	benchClients = 16
	benchOps     = 2000 // of each client
	// stalled is an exchange that waited for a timer rather than for a processor.
	stalled = 150 * time.Millisecond
)

// stallCounter counts the exchanges of a client, and those that took long.
type stallCounter struct {
	net.Conn
	begin             time.Time
	exchanges, stalls *atomic.Int64
}

func (c *stallCounter) Write(p []byte) (int, error) {
	now := time.Now()
	c.exchanges.Add(1)
	if !c.begin.IsZero() && now.Sub(c.begin) > stalled {
		c.stalls.Add(1)
	}
	c.begin = now
	return c.Conn.Write(p)
}

// BenchmarkImpairedLink compares the wire path with the kernel's own TCP (the user path) over links that lose packets;
// every reply is checked.
func BenchmarkImpairedLink(b *testing.B) {
	for _, path := range []Path{PathWire, PathUser} {
		b.Run(string(path), func(b *testing.B) {
			l := newTestLink(b, path)
			l.Watch(nil)
			for _, loss := range []float64{0, 0.001, 0.01} {
				b.Run(fmt.Sprintf("loss=%v", loss), func(b *testing.B) { l.bench(b, impair.Impairment{Loss: loss}) })
			}
		})
	}
}

func (l *testLink) bench(b *testing.B, i impair.Impairment) {
	defer l.Impair(impair.Impairment{})
	var exchanges, stalls atomic.Int64
	for range b.N {
		b.StopTimer()
		if err := l.server.db.FlushAll(); err != nil {
			b.Fatal(err)
		}
		l.Impair(impair.Impairment{})
		var running sync.WaitGroup
		begin := make(chan struct{})
		for id := range benchClients {
			conn := l.dial(b, impair.Host, 0)
			running.Go(func() {
				defer conn.Close()
				<-begin
				counted := &stallCounter{Conn: conn, exchanges: &exchanges, stalls: &stalls}
				if err := converseChecked(counted, id, benchOps, 0); err != nil {
					b.Errorf("client %d: %v", id, err)
				}
			})
		}
		l.Impair(i)
		b.StartTimer()
		close(begin)
		running.Wait()
	}
	b.ReportMetric(float64(b.N)*benchClients*benchOps/b.Elapsed().Seconds(), "ops/s")
	b.ReportMetric(1000*float64(stalls.Load())/float64(exchanges.Load()), "stalls/1000")
}
