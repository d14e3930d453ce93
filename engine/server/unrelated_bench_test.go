package server

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bpfdb/internal/dialogue"
)

const (
	// Who is measured and who keeps our server busy have a processor each: what one takes of the other then is not
	// time on a processor, of which any load takes some, but what our programs do to packets that are not ours.
	measuredCPU = 0
	busyCPU     = 1
	streamChunk = 64 << 10
	// The speed of a shared machine drifts within seconds: states alternate in windows.
	unrelatedWindow = 40 * time.Millisecond
	unrelatedSettle = 5 * time.Millisecond
)

// BenchmarkUnrelated measures what others lose to us on the loopback interface: a bulk stream (iperf-like) and a client
// of another server (Redis). Metrics are medians of the ratio of a window to the next, b.N pairs of them: with our
// programs attached against without them; attached and busy on the other processor against that one spinning in user
// space; and, to compare, the same with a second Redis in our place.
func BenchmarkUnrelated(b *testing.B) {
	requireKernel(b)
	if runtime.NumCPU() <= busyCPU {
		b.Fatal("needs two processors: who is measured and who is busy have one each")
	}
	measured := dialogue.StartRedis(b, fmt.Sprintf("server_cpulist %d", measuredCPU))
	second := dialogue.StartRedis(b, fmt.Sprintf("server_cpulist %d", busyCPU))
	for name, start := range map[string]func(*testing.B) (*atomic.Int64, func()){
		"stream": startStream,
		"redis":  func(b *testing.B) (*atomic.Int64, func()) { return startGets(b, measuredCPU, measured) },
	} {
		b.Run(name, func(b *testing.B) {
			done, stop := start(b)
			defer stop()
			for _, path := range []Path{PathWire, PathAuto} {
				s, closeServer, err := open(Options{Path: path})
				if err != nil {
					b.Fatal(err)
				}
				other, attach := newOtherProcessor(b, s.Addr().String()), s.attachment(b)
				b.ReportMetric(alternate(b, done, attach), string(path)+"-attached")
				attach(true)
				b.ReportMetric(alternate(b, done, other.serve), string(path)+"-busy")
				other.stop()
				if err := closeServer(); err != nil {
					b.Fatal(err)
				}
			}
			other := newOtherProcessor(b, second)
			b.ReportMetric(alternate(b, done, other.serve), "second-redis-busy")
			other.stop()
		})
	}
}

// alternate puts a state on and off and returns the median ratio of what is done in windows with and without.
func alternate(b *testing.B, done *atomic.Int64, put func(on bool)) float64 {
	b.Helper()
	window := func(on bool) float64 {
		put(on)
		time.Sleep(unrelatedSettle)
		from, begin := done.Load(), time.Now()
		time.Sleep(unrelatedWindow)
		return float64(done.Load()-from) / time.Since(begin).Seconds()
	}
	ratios := make([]float64, b.N)
	for i := range ratios {
		var with, without float64
		if i%2 == 0 {
			with = window(true)
			without = window(false)
		} else {
			without = window(false)
			with = window(true)
		}
		ratios[i] = with / without
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

// attachment takes away the programs that meet packets and connections of others, and puts them back.
func (s *Server) attachment(b *testing.B) func(on bool) {
	attached := true
	return func(on bool) {
		if on == attached {
			return
		}
		var err error
		switch {
		case s.wire != nil && on:
			var interfaces []int
			if interfaces, err = findInterfaces(nil, s.addr.Addr()); err == nil {
				err = s.wire.attach(interfaces, s.listener)
			}
		case s.wire != nil:
			err = s.wire.detach()
		case on:
			s.kernel.sockops, err = attachSockops(s.kernel.collection, "bpfdb_sockops", s.listener)
		default:
			err = s.kernel.sockops.Close()
		}
		if err != nil {
			b.Fatal(err)
		}
		attached = on
	}
}

// startStream counts the bytes of a TCP connection until stopped.
func startStream(b *testing.B) (received *atomic.Int64, stop func()) {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	received, ended := new(atomic.Int64), make(chan struct{})
	go onProcessor(measuredCPU, func() { // ends with the connection
		defer close(ended)
		if conn, err := listener.Accept(); err == nil {
			drainBlocking(b, conn, received)
		}
	})
	stream := blockingDial(b, listener.Addr().String())
	var over atomic.Bool
	go onProcessor(measuredCPU, func() { // ends with stop
		defer stream.Close()
		for data := make([]byte, streamChunk); !over.Load(); {
			if _, err := unix.Write(int(stream.Fd()), data); err != nil {
				b.Error(err)
				return
			}
		}
	})
	return received, func() { over.Store(true); <-ended; listener.Close() }
}

// startGets counts GETs, one after the other, from a processor until stopped.
func startGets(b *testing.B, cpu int, addr string) (answered *atomic.Int64, stop func()) {
	b.Helper()
	answered = new(atomic.Int64)
	var over atomic.Bool
	conn, ended := blockingDial(b, addr), make(chan struct{})
	go onProcessor(cpu, func() { // ends with stop
		defer close(ended)
		for !over.Load() && getOnce(b, conn) {
			answered.Add(1)
		}
	})
	return answered, func() { over.Store(true); <-ended; conn.Close() }
}

// otherProcessor keeps the processor of who is not measured at work, in user space or with a server: on a virtual
// machine the measured one may be slower while the other idles.
type otherProcessor struct {
	b    *testing.B
	addr string
	busy bool
	stop func()
}

func newOtherProcessor(b *testing.B, addr string) *otherProcessor {
	return &otherProcessor{b: b, addr: addr, stop: startSpinning()}
}

// serve has it send requests to the server, or not.
func (o *otherProcessor) serve(busy bool) {
	if busy == o.busy {
		return
	}
	o.busy = busy
	o.stop()
	if busy {
		_, o.stop = startGets(o.b, busyCPU, o.addr)
	} else {
		o.stop = startSpinning()
	}
}

func startSpinning() (stop func()) {
	var over atomic.Bool
	ended := make(chan struct{})
	go onProcessor(busyCPU, func() { // ends with stop
		defer close(ended)
		for !over.Load() {
		}
	})
	return func() { over.Store(true); <-ended }
}

// onProcessor runs f on a thread that is kept to one processor and ends with it.
func onProcessor(cpu int, f func()) {
	runtime.LockOSThread()
	var set unix.CPUSet
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		panic(err)
	}
	f()
}

// blockingDial connects with a socket whose calls block the thread, so that Go's poller, on another one, has no part.
func blockingDial(b *testing.B, addr string) *os.File {
	b.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	file, err := blockingFile(conn)
	if err != nil {
		b.Fatal(err)
	}
	return file
}

func blockingFile(conn net.Conn) (*os.File, error) {
	defer conn.Close()
	file, err := conn.(*net.TCPConn).File()
	if err == nil {
		file.Fd() // makes it block
	}
	return file, err
}

func drainBlocking(b *testing.B, conn net.Conn, bytes *atomic.Int64) {
	b.Helper()
	file, err := blockingFile(conn)
	if err != nil {
		b.Error(err)
		return
	}
	defer file.Close()
	for data := make([]byte, streamChunk); ; {
		n, err := unix.Read(int(file.Fd()), data)
		if n <= 0 || err != nil {
			return
		}
		bytes.Add(int64(n))
	}
}

var (
	absentGet  = request("GET", "unrelated")
	absentNull = []byte("$-1\r\n")
)

func getOnce(b *testing.B, conn *os.File) bool {
	b.Helper()
	reply := make([]byte, len(absentNull))
	if _, err := unix.Write(int(conn.Fd()), absentGet); err != nil {
		b.Error(err)
		return false
	}
	for at := 0; at < len(reply); {
		n, err := unix.Read(int(conn.Fd()), reply[at:])
		if n <= 0 || err != nil {
			b.Error(io.ErrUnexpectedEOF, err)
			return false
		}
		at += n
	}
	if string(reply) != string(absentNull) {
		b.Errorf("reply %q, want %q", reply, absentNull)
		return false
	}
	return true
}
