package redolog

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
)

// HeaderBytes is the size of the block that begins every file: a page, so that frames do not share one with it.
const HeaderBytes = 4096

// FormatVersion is the version of the format of all files.
const FormatVersion = 1

// What the files begin with.
const (
	segmentMagic    = "BPFDBLOG"
	checkpointMagic = "BPFDBCKP"
)

// StoreID tells the files of one store from those of another. It is random and secret: it enters the checksums of
// headers, which therefore nobody can forge in a value.
type StoreID [16]byte

func (id StoreID) String() string { return hex.EncodeToString(id[:]) }

// fileHeader begins a segment or a checkpoint.
type fileHeader struct {
	magic     string // which of the two
	id        StoreID
	number    uint64 // of the segment; the lsn of a checkpoint
	prev      uint64 // lsn that all of the segment come after; 0 in a checkpoint
	createdNS int64  // Unix time
	// follows is the last lsn in the segment before; 0 in a checkpoint. It is less than prev only where a repair has
	// cut the log before and skips the lsns that were lost, so that none is ever used again.
	follows uint64
}

func (h fileHeader) encode() []byte {
	b := make([]byte, HeaderBytes)
	copy(b, h.magic)
	binary.LittleEndian.PutUint32(b[8:], FormatVersion)
	copy(b[16:], h.id[:])
	binary.LittleEndian.PutUint64(b[32:], h.number)
	binary.LittleEndian.PutUint64(b[40:], h.prev)
	binary.LittleEndian.PutUint64(b[48:], uint64(h.createdNS))
	binary.LittleEndian.PutUint64(b[56:], h.follows)
	binary.LittleEndian.PutUint32(b[12:], headerCRC(b))
	return b
}

// headerCRC covers the block but for itself.
func headerCRC(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:12], castagnoli), castagnoli, b[16:HeaderBytes])
}

// seed begins the checksums of what else is in the file.
func (h fileHeader) seed() uint32 {
	b := append([]byte(h.magic), h.id[:]...)
	return crc32.Checksum(binary.LittleEndian.AppendUint64(b, h.number), castagnoli)
}

// readHeader reads the header of a file that should be one of magic. What is not "" if it is damaged; err is
// ErrVersion, or an error of reading.
func readHeader(f File, name, magic string) (h fileHeader, what string, err error) {
	size, err := f.SizeBytes()
	if err != nil {
		return h, "", err
	}
	if size < HeaderBytes {
		return h, fmt.Sprintf("the file has %d bytes, less than its header", size), nil
	}
	b := make([]byte, HeaderBytes)
	if _, err := f.ReadAt(b, 0); err != nil {
		return h, "", fmt.Errorf("read header of %s: %w", name, err)
	}
	if string(b[:8]) != magic {
		return h, "the file does not begin as such a file does", nil
	}
	version := binary.LittleEndian.Uint32(b[8:])
	if version == FormatVersion && binary.LittleEndian.Uint32(b[12:]) != headerCRC(b) {
		return h, "the checksum of the file's header is wrong", nil
	}
	if version != FormatVersion {
		return h, "", fmt.Errorf("%w: %s has version %d, this program knows %d",
			ErrVersion, name, version, FormatVersion)
	}
	h = fileHeader{
		magic:     magic,
		id:        StoreID(b[16:32]),
		number:    binary.LittleEndian.Uint64(b[32:]),
		prev:      binary.LittleEndian.Uint64(b[40:]),
		createdNS: int64(binary.LittleEndian.Uint64(b[48:])),
		follows:   binary.LittleEndian.Uint64(b[56:]),
	}
	if h.follows > h.prev {
		return h, fmt.Sprintf("the file's header says it follows lsn %d and begins after %d", h.follows, h.prev), nil
	}
	return h, "", nil
}
