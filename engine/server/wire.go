package server

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"bpfdb/engine"
	"bpfdb/internal/bpfload"
)

const (
	shutTries  = 1 << 16
	etherBytes = 14
)

// wire is the wire path: programs on network interfaces that answer packets of the listener's connections. All
// references are kept: the garbage collector would detach them.
type wire struct {
	collection *ebpf.Collection
	links      []link.Link
	wires      *ebpf.Map
	namespace  *os.File // the network namespace of the interfaces

	giveProg, shutProg, forgetProg, resendProg *ebpf.Program
}

// openWire loads the programs and attaches them to the interfaces, then to the connections of the listener.
func openWire(db *engine.DB, options Options, listener int, addr netip.AddrPort) (*wire, error) {
	interfaces, err := findInterfaces(options.Interfaces, addr.Addr())
	if err != nil {
		return nil, err
	}
	spec, err := loadWire()
	if err != nil {
		return nil, fmt.Errorf("read embedded programs: %w", err)
	}
	delete(spec.Maps, "bpfdb_events") // of gates
	spec.Maps["bpfdb_wires"].MaxEntries = uint32(options.MaxConnections)
	spec.Maps["bpfdb_buffers"].MaxEntries = uint32(options.Buffers)
	err = errors.Join(spec.Variables["buffer_count"].Set(uint32(options.Buffers)),
		spec.Variables["wire_mark"].Set(rand.Uint32()|1),
		spec.Variables["wire_port"].Set(bits.ReverseBytes16(addr.Port())))
	if err != nil {
		return nil, fmt.Errorf("set variables of the wire path: %w", err)
	}
	w := &wire{}
	if w.collection, err = bpfload.Load(spec, db.CollectionOptions(spec)); err != nil {
		return nil, fmt.Errorf("load wire programs: %w", err)
	}
	w.wires = w.collection.Maps["bpfdb_wires"]
	w.giveProg, w.shutProg = w.collection.Programs["bpfdb_wire_give"], w.collection.Programs["bpfdb_wire_shut"]
	w.forgetProg, w.resendProg = w.collection.Programs["bpfdb_wire_forget"], w.collection.Programs["bpfdb_wire_resend"]
	if err := w.attach(interfaces, listener); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *wire) attach(interfaces []int, listener int) error {
	var err error
	// The path is of the thread, which may be in another namespace than the process.
	if w.namespace, err = os.Open("/proc/thread-self/ns/net"); err != nil {
		return fmt.Errorf("wire path: %w", err)
	}
	for _, index := range interfaces {
		for name, at := range map[string]ebpf.AttachType{
			"bpfdb_wire_egress": ebpf.AttachTCXEgress, "bpfdb_wire_ingress": ebpf.AttachTCXIngress,
		} {
			l, err := link.AttachTCX(link.TCXOptions{
				Interface: index, Program: w.collection.Programs[name], Attach: at,
			})
			if err != nil {
				return fmt.Errorf("attach %s to interface %d: %w", name, index, err)
			}
			w.links = append(w.links, l)
		}
	}
	sockops, err := attachSockops(w.collection, "bpfdb_wire_sockops", listener)
	if err != nil {
		return err
	}
	w.links = append(w.links, sockops)
	return nil
}

// give tells what user space received and sent of a connection in all: behind that the programs may answer.
func (w *wire) give(key wireWireKey, cookie, received, sent uint64) error {
	return runWire(w.giveProg, &wireWireArgs{Key: key, Cookie: cookie, Received: received, Sent: sent})
}

// shut returns when no program executes requests of the connection any more.
func (w *wire) shut(key wireWireKey, cookie uint64) {
	args := wireWireArgs{Key: key, Cookie: cookie}
	for range shutTries {
		if err := runWire(w.shutProg, &args); !errors.Is(err, unix.EAGAIN) {
			return
		}
		runtime.Gosched()
	}
}

// resend runs the program on a frame that holds the key where its IP header would be. The type of the frame is
// not written by the program, which otherwise rewrites frames that have one.
func (w *wire) resend(key *wireWireKey) error {
	packet := make([]byte, etherBytes+128)
	kind := uint16(unix.ETH_P_IPV6)
	if key.Client[0] == 0 && key.Client[1] == 0 && key.Client[2] == 0xffff0000 {
		kind = unix.ETH_P_IP
	}
	binary.BigEndian.PutUint16(packet[etherBytes-2:], kind)
	copy(packet[etherBytes:], unsafe.Slice((*byte)(unsafe.Pointer(key)), unsafe.Sizeof(*key)))
	if _, err := w.resendProg.Run(&ebpf.RunOptions{Data: packet}); err != nil {
		return fmt.Errorf("run %s: %w", w.resendProg, err)
	}
	return nil
}

func runWire(prog *ebpf.Program, args *wireWireArgs) error {
	in := unsafe.Slice((*byte)(unsafe.Pointer(args)), unsafe.Sizeof(*args))
	out := make([]byte, len(in))
	if _, err := prog.Run(&ebpf.RunOptions{Context: in, ContextOut: out}); err != nil {
		return fmt.Errorf("run %s: %w", prog, err)
	}
	copy(in, out)
	if args.Result < 0 {
		return unix.Errno(-args.Result)
	}
	return nil
}

// detach undoes attach.
func (w *wire) detach() error {
	var errs []error
	for _, l := range w.links {
		errs = append(errs, l.Close())
	}
	w.links = nil
	if w.namespace != nil {
		errs = append(errs, w.namespace.Close())
	}
	return errors.Join(errs...)
}

func (w *wire) close() error {
	err := w.detach()
	w.collection.Close()
	return err
}
