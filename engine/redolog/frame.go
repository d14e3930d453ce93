package redolog

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// FrameHeaderBytes is the size of what precedes the records of a frame.
const FrameHeaderBytes = 64

const frameMagic = 0x66b0db10

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frameKind is what a frame is for.
type frameKind uint32

const (
	frameData  frameKind = 1 // the records of one Append
	frameClose frameKind = 2 // a clean close; it has no records
)

// frameHeader precedes the records of one Append. Its checksum is its own: damaged records still leave known how
// long the frame is, which LSNs it has and what it vouches for, and the search behind damage need not read the
// payload of everything that looks like a frame.
type frameHeader struct {
	kind         frameKind
	payloadBytes uint32
	payloadCRC   uint32
	records      uint32
	first, last  uint64
	prev         uint64 // last lsn of the frame before, across segments
	synced       uint64 // highest lsn known to be durable when this was written
	wallNS       int64  // Unix time of writing
}

func (h frameHeader) bytes() int64 { return FrameHeaderBytes + int64(h.payloadBytes) }

// encode writes the header for a frame at offset of the segment with this seed.
func (h frameHeader) encode(seed uint32, offset int64) []byte {
	b := make([]byte, FrameHeaderBytes)
	binary.LittleEndian.PutUint32(b[0:], frameMagic)
	binary.LittleEndian.PutUint32(b[8:], h.payloadBytes)
	binary.LittleEndian.PutUint32(b[12:], h.payloadCRC)
	binary.LittleEndian.PutUint32(b[16:], h.records)
	binary.LittleEndian.PutUint32(b[20:], uint32(h.kind))
	binary.LittleEndian.PutUint64(b[24:], h.first)
	binary.LittleEndian.PutUint64(b[32:], h.last)
	binary.LittleEndian.PutUint64(b[40:], h.prev)
	binary.LittleEndian.PutUint64(b[48:], h.synced)
	binary.LittleEndian.PutUint64(b[56:], uint64(h.wallNS))
	binary.LittleEndian.PutUint32(b[4:], placedCRC(seed, offset, b[8:]))
	return b
}

// placedCRC is the checksum of a header at an offset of a file with this seed. The seed has the store's secret id
// in it, so no value a client stores can pass for a header, nor can one that was written elsewhere.
func placedCRC(seed uint32, offset int64, header []byte) uint32 {
	var place [8]byte
	binary.LittleEndian.PutUint64(place[:], uint64(offset))
	return crc32.Update(crc32.Update(seed, castagnoli, place[:]), castagnoli, header)
}

// decodeFrame reads the header at b[:FrameHeaderBytes] and returns what is wrong with it, "" if nothing. It is
// intact if its checksum is right; if something is wrong with it nevertheless, no crash has done that.
func decodeFrame(b []byte, seed uint32, offset int64) (h frameHeader, intact bool, what string) {
	if binary.LittleEndian.Uint32(b) != frameMagic {
		return h, false, "there is no frame"
	}
	if binary.LittleEndian.Uint32(b[4:]) != placedCRC(seed, offset, b[8:FrameHeaderBytes]) {
		return h, false, "the checksum of a frame's header is wrong"
	}
	h = frameHeader{
		kind:         frameKind(binary.LittleEndian.Uint32(b[20:])),
		payloadBytes: binary.LittleEndian.Uint32(b[8:]),
		payloadCRC:   binary.LittleEndian.Uint32(b[12:]),
		records:      binary.LittleEndian.Uint32(b[16:]),
		first:        binary.LittleEndian.Uint64(b[24:]),
		last:         binary.LittleEndian.Uint64(b[32:]),
		prev:         binary.LittleEndian.Uint64(b[40:]),
		synced:       binary.LittleEndian.Uint64(b[48:]),
		wallNS:       int64(binary.LittleEndian.Uint64(b[56:])),
	}
	return h, true, h.check()
}

// check returns what is impossible about a header whose checksum is right, "" if nothing.
func (h frameHeader) check() (what string) {
	switch {
	case h.kind != frameData && h.kind != frameClose:
		return fmt.Sprintf("a frame's kind %d is unknown", h.kind)
	case h.payloadBytes > MaxFrameBytes || h.payloadBytes%8 != 0:
		return fmt.Sprintf("a frame's length of %d bytes is impossible", h.payloadBytes)
	case h.synced > h.prev:
		return fmt.Sprintf("a frame says lsn %d is durable, but the one before ends at %d", h.synced, h.prev)
	case h.kind == frameClose && (h.payloadBytes != 0 || h.records != 0 || h.first != h.prev || h.last != h.prev):
		return "a frame of a clean close has records"
	case h.kind == frameData && (h.records == 0 || h.first <= h.prev || h.last < h.first):
		return fmt.Sprintf("a frame's lsns are impossible: %d records from %d to %d after %d",
			h.records, h.first, h.last, h.prev)
	}
	return ""
}
