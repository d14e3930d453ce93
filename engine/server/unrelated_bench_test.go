package server

import (
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"bpfdb/internal/dialogue"
)

const (
	unrelatedFor  = time.Second
	unrelatedRate = 5000 // requests per second of our own client, where it is busy
)

// BenchmarkUnrelated measures what others on the loopback interface lose while our programs are attached to it: a bulk
// stream, and a client of another server (Redis). Rounds alternate; the metrics are medians of the ratio to the same
// round without us, idle and with a client of our own.
func BenchmarkUnrelated(b *testing.B) {
	requireKernel(b)
	redis := dialogue.StartRedis(b)
	for _, path := range []Path{PathWire, PathAuto} {
		b.Run(string(path), func(b *testing.B) {
			ratios := map[string][]float64{}
			for range b.N {
				stream, gets := streamRate(b), requestRate(b, redis)
				s, closeServer, err := open(Options{Path: path})
				if err != nil {
					b.Fatal(err)
				}
				ratios["idle-stream"] = append(ratios["idle-stream"], streamRate(b)/stream)
				ratios["idle-redis"] = append(ratios["idle-redis"], requestRate(b, redis)/gets)
				stop := pace(b, s.Addr().String())
				ratios["busy-stream"] = append(ratios["busy-stream"], streamRate(b)/stream)
				ratios["busy-redis"] = append(ratios["busy-redis"], requestRate(b, redis)/gets)
				stop()
				if err := closeServer(); err != nil {
					b.Fatal(err)
				}
			}
			for name, values := range ratios {
				slices.Sort(values)
				b.ReportMetric(values[len(values)/2], name)
			}
		})
	}
}

// streamRate is bytes per second of one TCP connection.
func streamRate(b *testing.B) float64 {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	received := make(chan int64)
	go func() { // ends with the connection
		var n int64
		if conn, err := listener.Accept(); err == nil {
			n, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{conn}, make([]byte, 256<<10))
			conn.Close()
		}
		received <- n
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	data, begin := make([]byte, 256<<10), time.Now()
	for time.Since(begin) < unrelatedFor {
		if _, err := conn.Write(data); err != nil {
			b.Fatal(err)
		}
	}
	conn.Close()
	return float64(<-received) / time.Since(begin).Seconds()
}

// requestRate is PINGs per second of one connection.
func requestRate(b *testing.B, addr string) float64 {
	b.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	n, begin := 0, time.Now()
	for ; time.Since(begin) < unrelatedFor; n++ {
		if err := pingOnce(conn); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(begin).Seconds()
}

func pingOnce(conn net.Conn) error {
	if _, err := conn.Write(request("PING")); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, len("+PONG\r\n")))
	return err
}

// pace sends requests to our server at a fixed rate until stopped.
func pace(b *testing.B, addr string) (stop func()) {
	b.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() { // ends with stop
		defer close(ended)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
				for range unrelatedRate / 1000 {
					if err := pingOnce(conn); err != nil {
						b.Error(err)
						return
					}
				}
			}
		}
	}()
	return func() { close(end); <-ended; conn.Close() }
}
