package redolog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// extent is what a segment was found to hold.
type extent struct {
	end         int64  // where its whole frames end
	frames      uint64 // whole ones
	records     uint64
	first, last uint64 // lsns; last is that before the segment if it has no record
	closed      bool   // the last frame is that of a clean close
	sizeBytes   int64
	what        string // what is at end instead of a frame; "" if it is zeros
	// impossible says that what is at end cannot come from a crash: it carries right checksums.
	impossible bool
	behind     behind
}

// walk goes through the frames of a segment from its beginning, and gives each that has records to visit, which
// may be nil. It ends at the first that is not whole and valid. An error is one of reading, or visit's.
func walk(w *window, h fileHeader, visit func(frameHeader, []byte) error) (extent, error) {
	e := extent{end: HeaderBytes, last: h.prev, sizeBytes: w.size}
	seed := h.seed()
	for {
		frame, payload, err := e.next(w, seed)
		if err != nil {
			return e, err
		}
		if payload == nil {
			return e, nil
		}
		if visit != nil && frame.kind == frameData {
			if err := visit(frame, payload); err != nil {
				return e, err
			}
		}
		if frame.records > 0 && e.records == 0 {
			e.first = frame.first
		}
		e.frames++
		e.records += uint64(frame.records)
		e.last = frame.last
		e.closed = frame.kind == frameClose
		e.end += frame.bytes()
	}
}

// next reads the frame at e.end. If there is none, payload is nil and e says why.
func (e *extent) next(w *window, seed uint32) (frame frameHeader, payload []byte, err error) {
	stop := func(what string, impossible bool) (frameHeader, []byte, error) {
		e.what, e.impossible = what, impossible
		return frame, nil, nil
	}
	header, err := w.view(e.end, FrameHeaderBytes)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return stop("", false)
	} else if err != nil {
		return frame, nil, err
	}
	if zeros(header) == len(header) {
		return stop("", false)
	}
	frame, intact, what := decodeFrame(header, seed, e.end)
	if what != "" {
		return stop(what, intact)
	}
	if frame.prev != e.last {
		return stop(fmt.Sprintf("a frame says that lsn %d precedes it, but that is %d", frame.prev, e.last), true)
	}
	body, err := w.view(e.end, int(frame.bytes()))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return stop("the file ends inside a frame", false)
	} else if err != nil {
		return frame, nil, err
	}
	payload = body[FrameHeaderBytes:]
	if crc32.Checksum(payload, castagnoli) != frame.payloadCRC {
		return stop(fmt.Sprintf("the checksum of the records %d to %d is wrong", frame.first, frame.last), false)
	}
	if frame.kind == frameData {
		what = checkRecords(payload, frame.first, frame.last, uint64(frame.records))
		if what != "" {
			return stop(what, true)
		}
	}
	return frame, payload, nil
}

// behind is what lies behind the end of the whole frames.
type behind struct {
	bytes   int64  // up to the last that is not zero
	frames  uint64 // whose header is valid, the one at the end included
	records uint64 // that these say they have
	synced  uint64 // highest lsn that these say was durable
	last    uint64 // highest lsn that these say they have
}

func (b *behind) add(frame frameHeader) {
	b.frames++
	b.records += uint64(frame.records)
	b.synced = max(b.synced, frame.synced)
	b.last = max(b.last, frame.last)
}

// lookBehind searches what follows e.end for frames and for anything that is not zero.
func (e *extent) lookBehind(w *window, seed uint32) error {
	for at := e.end; at < w.size; {
		chunk, err := w.view(at, int(min(readChunkBytes, w.size-at)))
		if err != nil {
			return err
		}
		end := at + int64(len(chunk))
		for at < end {
			chunk = chunk[int64(len(chunk))-(end-at):]
			step := int64(zeros(chunk))
			if step < int64(len(chunk)) {
				step &^= 7
			}
			if step == 0 {
				if step, err = e.step(chunk, w, seed, at); err != nil {
					return err
				}
				e.behind.bytes = min(at+step, w.size) - e.end
			}
			at += step
		}
	}
	return nil
}

// step looks at what chunk begins with, at the offset at, and returns how long it is: a frame, or one word.
func (e *extent) step(chunk []byte, w *window, seed uint32, at int64) (int64, error) {
	frame, ok, err := e.frameIn(chunk, w, seed, at)
	if !ok || err != nil {
		return 8, err
	}
	e.behind.add(frame)
	return frame.bytes(), nil
}

// frameIn decodes the header of a frame at the offset at, of which chunk has at least the beginning.
func (e *extent) frameIn(chunk []byte, w *window, seed uint32, at int64) (frame frameHeader, ok bool, err error) {
	if len(chunk) < 8 || binary.LittleEndian.Uint32(chunk) != frameMagic || at+FrameHeaderBytes > w.size {
		return frame, false, nil
	}
	if len(chunk) < FrameHeaderBytes {
		chunk = make([]byte, FrameHeaderBytes)
		if _, err := w.file.ReadAt(chunk, at); err != nil {
			return frame, false, fmt.Errorf("read %s at offset %d: %w", w.name, at, err)
		}
	}
	frame, _, what := decodeFrame(chunk, seed, at)
	return frame, what == "", nil
}

// zeros returns how many zeros b begins with, or all of it.
func zeros(b []byte) int {
	n := 0
	for ; n+8 <= len(b) && binary.LittleEndian.Uint64(b[n:]) == 0; n += 8 {
	}
	for ; n < len(b) && b[n] == 0; n++ {
	}
	return n
}
