package redolog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// CheckpointHeaderBytes is the size of the header of a block of a checkpoint, and of its trailer.
const CheckpointHeaderBytes = 64

const (
	blockMagic   = 0x66b0db20
	trailerMagic = 0x66b0db30
)

// blockHeader precedes the entries of a block.
type blockHeader struct {
	payloadBytes uint32
	payloadCRC   uint32
	entries      uint32
}

func (h blockHeader) bytes() int64 { return CheckpointHeaderBytes + int64(h.payloadBytes) }

func (h blockHeader) encode(seed uint32, offset int64) []byte {
	b := make([]byte, CheckpointHeaderBytes)
	binary.LittleEndian.PutUint32(b[0:], blockMagic)
	binary.LittleEndian.PutUint32(b[8:], h.payloadBytes)
	binary.LittleEndian.PutUint32(b[12:], h.payloadCRC)
	binary.LittleEndian.PutUint32(b[16:], h.entries)
	binary.LittleEndian.PutUint32(b[4:], placedCRC(seed, offset, b[8:]))
	return b
}

// trailer ends a checkpoint; without it the file is not complete.
type trailer struct {
	blocks, keys uint64
	bytes        uint64 // of all payloads
	crcs         uint32 // checksum over the checksums of the payloads, in their order
	logLSN       uint64 // what was durable of the log when the checkpoint was completed
}

func (t trailer) encode(seed uint32, offset int64) []byte {
	b := make([]byte, CheckpointHeaderBytes)
	binary.LittleEndian.PutUint32(b[0:], trailerMagic)
	binary.LittleEndian.PutUint64(b[8:], t.blocks)
	binary.LittleEndian.PutUint64(b[16:], t.keys)
	binary.LittleEndian.PutUint64(b[24:], t.bytes)
	binary.LittleEndian.PutUint32(b[32:], t.crcs)
	binary.LittleEndian.PutUint64(b[40:], t.logLSN)
	binary.LittleEndian.PutUint32(b[4:], placedCRC(seed, offset, b[8:]))
	return b
}

// count adds a block to the sums.
func (t *trailer) count(h blockHeader) {
	t.blocks++
	t.keys += uint64(h.entries)
	t.bytes += uint64(h.payloadBytes)
	t.crcs = crc32.Update(t.crcs, castagnoli, binary.LittleEndian.AppendUint32(nil, h.payloadCRC))
}

// piece is what a checkpoint has at one offset: a block, or the trailer.
type piece struct {
	block   blockHeader
	trailer *trailer // nil for a block
}

// pieceAt reads the header of what is at an offset, and returns what is wrong with it, "" if nothing.
func pieceAt(f File, name string, seed uint32, offset int64) (p piece, what string, err error) {
	b := make([]byte, CheckpointHeaderBytes)
	if _, err = f.ReadAt(b, offset); errors.Is(err, io.EOF) {
		return p, "the file is not complete", nil
	} else if err != nil {
		return p, "", fmt.Errorf("read %s at offset %d: %w", name, offset, err)
	}
	magic := binary.LittleEndian.Uint32(b)
	switch {
	case magic != blockMagic && magic != trailerMagic:
		return p, "there is no block", nil
	case binary.LittleEndian.Uint32(b[4:]) != placedCRC(seed, offset, b[8:]):
		return p, "the checksum of a block's header is wrong", nil
	case magic == trailerMagic:
		p.trailer = &trailer{
			blocks: binary.LittleEndian.Uint64(b[8:]),
			keys:   binary.LittleEndian.Uint64(b[16:]),
			bytes:  binary.LittleEndian.Uint64(b[24:]),
			crcs:   binary.LittleEndian.Uint32(b[32:]),
			logLSN: binary.LittleEndian.Uint64(b[40:]),
		}
		return p, "", nil
	}
	p.block = blockHeader{
		payloadBytes: binary.LittleEndian.Uint32(b[8:]),
		payloadCRC:   binary.LittleEndian.Uint32(b[12:]),
		entries:      binary.LittleEndian.Uint32(b[16:]),
	}
	if n := p.block.payloadBytes; n == 0 || n > MaxBlockBytes+blockTargetBytes || n%8 != 0 {
		return p, fmt.Sprintf("a block's length of %d bytes is impossible", n), nil
	}
	return p, "", nil
}

// checkBlock returns what is wrong with the entries of a block, "" if nothing.
func checkBlock(h blockHeader, payload []byte) (what string) {
	if crc32.Checksum(payload, castagnoli) != h.payloadCRC {
		return "the checksum of a block's entries is wrong"
	}
	return checkEntries(payload, uint64(h.entries), OpSet)
}
