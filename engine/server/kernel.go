package server

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"bpfdb/engine"
	"bpfdb/internal/bpfload"
	"bpfdb/internal/cgroup2"
)

const (
	gateClosed = 1
	// eventBytes is what the event of one connection takes in the ring. A connection has two events in
	// it at most (the gate must open between them), so a ring of twice that per connection never fills.
	eventBytes = 16
)

// kernel is the server's part of the kernel: connection table, gate programs and, on the sockmap path,
// the programs that serve. All references are kept: the garbage collector would detach them.
type kernel struct {
	collection *ebpf.Collection
	conns      *ebpf.Map
	sockops    link.Link
	attached   []func() error // undo, last first

	acceptProg, takeProg, giveProg, dropProg, protocolProg *ebpf.Program
}

// gateState is what the kernel tells about a connection.
type gateState struct{ gate, flags uint64 }

func (g gateState) closed() bool  { return g.gate&gateClosed != 0 }
func (g gateState) aborted() bool { return g.flags&connAbort != 0 }

// Flags of a connection, BPFDB_CONN_* in bpf/bpfdb.h.
const (
	connAccepted = 1
	connAbort    = 2
	connLocal    = 4
	connWire     = 8
)

// What the programs in the sockets need beside the handover, by path.
var (
	programsFast    = []string{"bpfdb_sockops"}
	mapsFast        = []string{"bpfdb_owned", "bpfdb_events"}
	programsSockmap = []string{"bpfdb_verdict", "bpfdb_reply"}
	mapsSockmap     = []string{"bpfdb_socks"}
	programsLocal   = []string{"bpfdb_send", "bpfdb_local_send", "bpfdb_local_answer", "bpfdb_unread"}
	mapsLocal       = []string{"bpfdb_clients", "bpfdb_servers", "bpfdb_local", "bpfdb_pairs", "bpfdb_syns"}
	mapsJump        = []string{"bpfdb_entry"}
)

// loadKernel loads the programs, those of a fast path only if asked to.
func loadKernel(db *engine.DB, options Options, fast fastPaths, listener int) (*kernel, error) {
	spec, err := loadSockmap()
	if err != nil {
		return nil, fmt.Errorf("read embedded programs: %w", err)
	}
	cookie, err := socketCookie(listener)
	if err != nil {
		return nil, err
	}
	if err := fit(spec, options, fast, cookie); err != nil {
		return nil, err
	}
	coll, err := bpfload.Load(spec, db.CollectionOptions(spec))
	if err != nil {
		return nil, fmt.Errorf("load server programs: %w", err)
	}
	return &kernel{
		collection: coll, conns: coll.Maps["bpfdb_conns"],
		acceptProg: coll.Programs["bpfdb_conn_accept"], takeProg: coll.Programs["bpfdb_conn_take"],
		giveProg: coll.Programs["bpfdb_conn_give"], dropProg: coll.Programs["bpfdb_conn_drop"],
		protocolProg: coll.Programs["bpfdb_conn_protocol"],
	}, nil
}

// fit sizes the maps, sets the variables, and leaves out the programs that the paths do not need. The sockops
// program serves both fast paths and needs the maps of both.
func fit(spec *ebpf.CollectionSpec, options Options, fast fastPaths, listener uint64) error {
	buffers := options.Buffers
	if !fast.inSockets() {
		buffers = 1
		drop(spec.Programs, programsFast)
		drop(spec.Maps, mapsFast, mapsSockmap, mapsLocal)
	} else {
		spec.Maps["bpfdb_events"].MaxEntries = ringBytes(options.MaxConnections)
	}
	if !fast.sockmap {
		drop(spec.Programs, programsSockmap)
	}
	if !fast.local {
		drop(spec.Programs, programsLocal)
		drop(spec.Maps, mapsJump)
	}
	for name, used := range map[string]bool{
		"bpfdb_socks": fast.sockmap, "bpfdb_clients": fast.local, "bpfdb_servers": fast.local,
		"bpfdb_pairs": fast.local, "bpfdb_syns": fast.local,
	} {
		if m := spec.Maps[name]; m != nil && used {
			m.MaxEntries = uint32(options.MaxConnections)
		} else if m != nil {
			m.MaxEntries = 1
		}
	}
	spec.Maps["bpfdb_buffers"].MaxEntries = uint32(buffers)
	for name, value := range map[string]any{
		"buffer_count": uint32(buffers), "listener_cookie": listener,
		"sockmap_on": flag(fast.sockmap), "local_on": flag(fast.local),
	} {
		if err := spec.Variables[name].Set(value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return nil
}

func drop[V any](from map[string]V, names ...[]string) {
	for _, list := range names {
		for _, name := range list {
			delete(from, name)
		}
	}
}

func flag(on bool) uint8 {
	if on {
		return 1
	}
	return 0
}

// ringBytes is a power of two with room for two events of every connection.
func ringBytes(connections int) uint32 {
	size := uint32(4096)
	for size < uint32(2*eventBytes*connections) {
		size *= 2
	}
	return size
}

// attach starts the fast paths for the connections of one listening socket.
func (k *kernel) attach(listener int, fast fastPaths) error {
	var err error
	if fast.sockmap {
		err = errors.Join(k.attachTo("bpfdb_socks", "bpfdb_verdict", ebpf.AttachSkSKBStreamVerdict),
			k.attachTo("bpfdb_socks", "bpfdb_reply", ebpf.AttachSkMsgVerdict))
	}
	if fast.local {
		err = errors.Join(err, k.attachTo("bpfdb_clients", "bpfdb_send", ebpf.AttachSkMsgVerdict),
			k.attachTo("bpfdb_servers", "bpfdb_local_answer", ebpf.AttachSkMsgVerdict))
	}
	if err != nil {
		return err
	}
	k.sockops, err = attachSockops(k.collection, "bpfdb_sockops", listener)
	return err
}

// attachSockops has a program told of all connections, and marks the listening socket. The mark comes last: only then
// do connections count as ours.
func attachSockops(coll *ebpf.Collection, program string, listener int) (link.Link, error) {
	root, err := cgroup2.Root()
	if err != nil {
		return nil, err
	}
	l, err := link.AttachCgroup(link.CgroupOptions{
		Path: root, Attach: ebpf.AttachCGroupSockOps, Program: coll.Programs[program],
	})
	if err != nil {
		return nil, fmt.Errorf("attach sockops to %s: %w", root, err)
	}
	if err := coll.Maps["bpfdb_owned"].Put(int32(listener), uint64(0)); err != nil {
		return nil, errors.Join(fmt.Errorf("mark the listening socket: %w", err), l.Close())
	}
	return l, nil
}

// attachTo has a program run for the sockets in a map.
func (k *kernel) attachTo(socks, program string, at ebpf.AttachType) error {
	target, prog := k.collection.Maps[socks].FD(), k.collection.Programs[program]
	err := link.RawAttachProgram(link.RawAttachProgramOptions{Target: target, Program: prog, Attach: at})
	if err != nil {
		return fmt.Errorf("attach %s: %w", program, err)
	}
	k.attached = append(k.attached, func() error {
		return link.RawDetachProgram(link.RawDetachProgramOptions{Target: target, Program: prog, Attach: at})
	})
	return nil
}

// accept tells which path the programs put the connection on; if none, it is entered for the user path.
func (k *kernel) accept(cookie uint64) (Path, error) {
	args := sockmapConnArgs{Cookie: cookie}
	err := run(k.acceptProg, &args)
	switch {
	case err == nil && args.Flags&connLocal != 0:
		return PathLocal, nil
	case err == nil && args.Flags&connWire != 0:
		return PathWire, nil
	case err == nil:
		return PathSockmap, nil
	case !errors.Is(err, unix.ENOENT):
		return PathUser, err
	}
	entry := sockmapConn{Cookie: cookie, Protocol: 2, Flags: connAccepted}
	return PathUser, k.conns.Put(cookie, entry)
}

func (k *kernel) take(cookie uint64, area uint32) (gateState, error) {
	args := sockmapConnArgs{Cookie: cookie, Scratch: area}
	err := run(k.takeProg, &args)
	return gateState{args.Gate, uint64(args.Flags)}, err
}

// give opens the gate, unless more was passed up than was received. sent counts all bytes sent so far.
func (k *kernel) give(cookie, received, sent uint64) error {
	return run(k.giveProg, &sockmapConnArgs{Cookie: cookie, Gate: received<<1 | gateClosed, Sent: uint32(sent)})
}

func (k *kernel) setProtocol(cookie uint64, version int) error {
	return run(k.protocolProg, &sockmapConnArgs{Cookie: cookie, Flags: uint32(version)})
}

// inTxn tells whether the connection has a transaction open.
func (k *kernel) inTxn(cookie uint64) (bool, error) {
	entry, err := k.lookup(cookie)
	return entry.Txn != 0, err
}

// inMulti tells whether the connection is between MULTI and EXEC.
func (k *kernel) inMulti(cookie uint64) (bool, error) {
	entry, err := k.lookup(cookie)
	return entry.Multi != 0, err
}

// passed is how many bytes the programs of the sockmap path passed up so far.
func (k *kernel) passed(cookie uint64) (uint64, error) {
	entry, err := k.lookup(cookie)
	return entry.Gate >> 1, err
}

func (k *kernel) lookup(cookie uint64) (entry sockmapConn, err error) {
	if err = k.conns.Lookup(cookie, &entry); err != nil {
		err = fmt.Errorf("look up connection: %w", err)
	}
	return entry, err
}

// drop frees what a connection holds; a connection that is not there holds nothing.
func (k *kernel) drop(cookie uint64) {
	_ = run(k.dropProg, &sockmapConnArgs{Cookie: cookie})
}

// run calls a SYSCALL program; args carries its answer back.
func run(prog *ebpf.Program, args *sockmapConnArgs) error {
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

func (k *kernel) close() error {
	var errs []error
	if k.sockops != nil {
		errs = append(errs, k.sockops.Close())
	}
	for _, undo := range k.attached {
		errs = append(errs, undo())
	}
	awaitEnd := k.entryEnd()
	k.collection.Close()
	return errors.Join(append(errs, awaitEnd())...)
}
