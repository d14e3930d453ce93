package workloads

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// MinValueBytes is the smallest value that can describe itself: 11 characters of key
// number, 6 of version, and one word of pattern. Each character carries six bits.
const (
	keyChars      = 11
	versionChars  = 6
	headerBytes   = keyChars + versionChars
	MinValueBytes = headerBytes + 8
)

// Reasons why a value cannot be what any operation of this package wrote to the key.
var (
	// ErrValueShort means the value has fewer than MinValueBytes bytes.
	ErrValueShort = errors.New("value too short")
	// ErrValueKey means the value was written to another key, or is none of ours.
	ErrValueKey = errors.New("value belongs to another key")
	// ErrValueCorrupt means the pattern does not follow from key, version and size: the
	// value is torn, cut or damaged.
	ErrValueCorrupt = errors.New("value corrupt")
)

// AppendValue appends the value of size bytes that an operation with this version writes
// to the key. It is printable, looks random to a compressor (six bits of entropy per
// byte), and any eight bytes of its body depend on key, version and size, so a reader can
// check it without knowing who wrote it last. size must be at least MinValueBytes.
func AppendValue(dst []byte, key uint64, version uint32, size int) []byte {
	dst = appendChars(dst, key, keyChars)
	dst = appendChars(dst, uint64(version), versionChars)
	seed := patternSeed(key, version, size)
	body := size - headerBytes
	for ; body >= 8; body -= 8 {
		dst = binary.LittleEndian.AppendUint64(dst, patternWord(seed))
		seed += patternStep
	}
	word := patternWord(seed)
	for ; body > 0; body-- {
		dst = append(dst, byte(word))
		word >>= 8
	}
	return dst
}

// VerifyValue returns nil if the value is one that AppendValue made for the key, of any
// version, whole and unmixed.
func VerifyValue(value []byte, key uint64) error {
	if len(value) < MinValueBytes {
		return fmt.Errorf("%w: %d bytes of key number %d, want at least %d",
			ErrValueShort, len(value), key, MinValueBytes)
	}
	if got := parseChars(value[:keyChars]); got != key {
		return fmt.Errorf("%w: read key number %d, value says %d", ErrValueKey, key, got)
	}
	version := uint32(parseChars(value[keyChars:headerBytes]))
	seed := patternSeed(key, version, len(value))
	body := value[headerBytes:]
	at := intact(body, seed)
	seed += uint64(at/8) * patternStep
	body = body[at:]
	for len(body) >= 8 {
		if binary.LittleEndian.Uint64(body) != patternWord(seed) {
			return corrupt(value, body, key, version)
		}
		seed += patternStep
		body = body[8:]
	}
	word := patternWord(seed)
	for i := range body {
		if body[i] != byte(word) {
			return corrupt(value, body, key, version)
		}
		word >>= 8
	}
	return nil
}

// wordsAtOnce is how many words intact compares before it looks at the outcome.
const wordsAtOnce = 4

// intact is how many bytes of body certainly follow the pattern from seed on, a multiple of
// wordsAtOnce words. Written out, because the compiler unrolls no loops and half of the time is theirs.
func intact(body []byte, seed uint64) int {
	at := 0
	for ; at+8*wordsAtOnce <= len(body); at += 8 * wordsAtOnce {
		b := (*[8 * wordsAtOnce]byte)(body[at:])
		differ := binary.LittleEndian.Uint64(b[0:]) ^ patternWord(seed)
		seed += patternStep
		differ |= binary.LittleEndian.Uint64(b[8:]) ^ patternWord(seed)
		seed += patternStep
		differ |= binary.LittleEndian.Uint64(b[16:]) ^ patternWord(seed)
		seed += patternStep
		differ |= binary.LittleEndian.Uint64(b[24:]) ^ patternWord(seed)
		seed += patternStep
		if differ != 0 {
			break
		}
	}
	return at
}

func corrupt(value, rest []byte, key uint64, version uint32) error {
	return fmt.Errorf("%w: key number %d version %d, %d bytes, differs in the word at byte %d",
		ErrValueCorrupt, key, version, len(value), len(value)-len(rest))
}

// appendChars appends the low 6*count bits of n, low bits first, as characters '0' to 'o'.
func appendChars(dst []byte, n uint64, count int) []byte {
	for range count {
		dst = append(dst, '0'+byte(n&0x3f))
		n >>= 6
	}
	return dst
}

func parseChars(text []byte) uint64 {
	var n uint64
	for i := len(text) - 1; i >= 0; i-- {
		n = n<<6 | uint64(text[i]-'0')&0x3f
	}
	return n
}

// patternStep is the golden-ratio increment of splitmix64.
const patternStep = 0x9e3779b97f4a7c15

func patternSeed(key uint64, version uint32, size int) uint64 {
	return mix(mix(key)+uint64(version)<<32+uint64(size)) + patternStep
}

// patternWord hashes a state of the sequence to eight characters '0' to 'o'.
func patternWord(state uint64) uint64 {
	state = (state ^ state>>32) * 0xd6e8feb86659fd93
	state ^= state >> 32
	return state&0x3f3f3f3f3f3f3f3f + 0x3030303030303030
}

// mix is the finaliser of splitmix64, a bijection on 64-bit words.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// VersionOf is the version that a value says it has; 0 if it is too short to say.
func VersionOf(value []byte) uint32 {
	if len(value) < headerBytes {
		return 0
	}
	return uint32(parseChars(value[keyChars:headerBytes]))
}
