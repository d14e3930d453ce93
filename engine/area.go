package engine

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Status says how Area.Serve stopped; enum serve_status in bpf/bpfdb.h explains each.
type Status int32

// The states after Area.Serve.
const (
	ServeDone     = Status(engineServeStatusSERVE_DONE)
	ServePartial  = Status(engineServeStatusSERVE_PARTIAL)
	ServeUser     = Status(engineServeStatusSERVE_USER)
	ServeInline   = Status(engineServeStatusSERVE_INLINE)
	ServeFull     = Status(engineServeStatusSERVE_FULL)
	ServeBusy     = Status(engineServeStatusSERVE_BUSY)
	ServeGrow     = Status(engineServeStatusSERVE_GROW)
	ServeProtocol = Status(engineServeStatusSERVE_PROTOCOL)
	ServeLog      = Status(engineServeStatusSERVE_LOG)
	ServeRefuse   = Status(engineServeStatusSERVE_REFUSE)
)

// outLimit is where replies stop; the rest of out[] is slack for the last value.
const outLimit = 1 << 17

// Area is a scratch area claimed by user space: the request and reply buffers of program
// runs, mapped into both sides. It serves one goroutine at a time.
type Area struct {
	db      *DB
	id      uint32
	scratch *engineScratch
}

// ClaimArea waits for a free area. Give it back with Release.
func (db *DB) ClaimArea() (*Area, error) {
	area, ok := <-db.areas
	if !ok {
		return nil, ErrClosed
	}
	return area, nil
}

// Release gives the area back; it must not be used afterwards.
func (a *Area) Release() { a.db.areas <- a }

// ID is the area's number, by which programs know it.
func (a *Area) ID() uint32 { return a.id }

// In is the request buffer, MaxRequest bytes and slack.
func (a *Area) In() []byte { return a.scratch.In[:] }

// SetInput declares in[position..length) the input that Serve executes, and empties the
// reply buffer.
func (a *Area) SetInput(position, length int) {
	s := a.scratch
	s.InPos, s.InLen = uint32(position), uint32(length)
	s.OutLen, s.OutLimit = 0, outLimit
}

// InputLen is the end of the input.
func (a *Area) InputLen() int { return int(a.scratch.InLen) }

// Rest is the input not executed yet.
func (a *Area) Rest() []byte { return a.scratch.In[a.scratch.InPos:a.scratch.InLen] }

// Serve executes requests for the connection with this socket cookie, until one of the
// states is reached. ENOENT when the connection is not known.
func (a *Area) Serve(cookie uint64) (Status, error) {
	args := engineServeArgs{Cookie: cookie, Scratch: a.id}
	if err := call(a.db.programs.Serve, &args); err != nil {
		return 0, err
	}
	if args.Result < 0 {
		return 0, fmt.Errorf("serve connection %d: %w", cookie, unix.Errno(-args.Result))
	}
	return Status(args.Result), nil
}

// LSN is the highest commit that the replies of the last Serve depend on, where durability is synchronous: they
// may be sent when that is durable.
func (a *Area) LSN() uint64 {
	if a.db.options.Durability != DurabilitySync {
		return 0
	}
	return a.scratch.Lsn
}

// Args are the arguments of the request that Serve stopped at (ServeUser). They alias the
// request buffer.
func (a *Area) Args() [][]byte {
	args := make([][]byte, min(a.scratch.Argc, uint32(len(a.scratch.Argv))))
	for i := range args {
		arg := a.scratch.Argv[i]
		args[i] = a.scratch.In[arg.Off : arg.Off+arg.Len]
	}
	return args
}

// Request is the whole request that Serve stopped at (ServeUser, ServeInline).
func (a *Area) Request() []byte { return a.scratch.In[a.scratch.InPos:a.scratch.Next] }

// Skip steps over the request that Serve stopped at: user space has answered it.
func (a *Area) Skip() { a.scratch.InPos = a.scratch.Next }

// Append adds a reply made by user space; false, and nothing is added, when it does not fit.
func (a *Area) Append(p []byte) bool {
	n := int(a.scratch.OutLen)
	if n+len(p) > outLimit {
		return false
	}
	copy(a.scratch.Out[n:], p)
	a.scratch.OutLen += uint32(len(p))
	return true
}

// TakeOutput is the replies so far and empties the buffer; they stay valid until the next
// Serve or Append.
func (a *Area) TakeOutput() []byte {
	out := a.scratch.Out[:a.scratch.OutLen]
	a.scratch.OutLen = 0
	return out
}

// ProtocolError is Redis's text for the error Serve stopped at (ServeProtocol), without
// the "Protocol error: " before it.
func (a *Area) ProtocolError() string {
	switch engineProtocolError(a.scratch.Error) {
	case engineProtocolErrorPROTOCOL_MULTIBULK_LENGTH:
		return "invalid multibulk length"
	case engineProtocolErrorPROTOCOL_BULK_LENGTH:
		return "invalid bulk length"
	case engineProtocolErrorPROTOCOL_EXPECTED_DOLLAR:
		return "expected '$', got '" + string([]byte{byte(a.scratch.ErrorByte)}) + "'"
	case engineProtocolErrorPROTOCOL_BIG_MULTIBULK:
		return "too big mbulk count string"
	case engineProtocolErrorPROTOCOL_BIG_BULK:
		return "too big bulk count string"
	case engineProtocolErrorPROTOCOL_BIG_INLINE:
		return "too big inline request"
	default:
		return "request too large"
	}
}

// operations views the start of in[] as the batch that bpfdb_operate reads.
func (a *Area) operations(n int) []engineOperation {
	return unsafe.Slice((*engineOperation)(unsafe.Pointer(&a.scratch.In[0])), n)
}
