package trace

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrValue means that a read returned something else than the trace has left in the key.
var ErrValue = errors.New("value is not what the trace left there")

// A value is the beginning of an endless text that belongs to a key and a version, so that
// an append is the part of the same text that comes next. The text is printable and, at six
// bits of entropy a byte, looks random to a compressor.

const wordBytes = 8

// textSeed tells the texts of keys and versions apart.
func textSeed(hash uint64, version uint32) uint64 { return mix(hash ^ mix(uint64(version)+golden)) }

// textWord is the i-th word of a text: eight characters '0' to 'o'.
func textWord(seed, i uint64) uint64 {
	return mix(seed+i*golden)&0x3f3f3f3f3f3f3f3f + 0x3030303030303030
}

// appendText appends count bytes of a text, beginning with the one at from.
func appendText(dst []byte, seed uint64, from, count int) []byte {
	i := uint64(from / wordBytes)
	if skip := from % wordBytes; skip > 0 {
		word := textWord(seed, i) >> (8 * skip)
		for ; skip < wordBytes && count > 0; skip++ {
			dst = append(dst, byte(word))
			word >>= 8
			count--
		}
		i++
	}
	for ; count >= wordBytes; count -= wordBytes {
		dst = binary.LittleEndian.AppendUint64(dst, textWord(seed, i))
		i++
	}
	for word := textWord(seed, i); count > 0; count-- {
		dst = append(dst, byte(word))
		word >>= 8
	}
	return dst
}

// verifyText returns nil if the value is the first size bytes of a text, or else an error that
// wraps ErrValue.
func verifyText(value []byte, seed uint64, size int) error {
	if len(value) != size {
		return fmt.Errorf("%w: %d bytes, want %d", ErrValue, len(value), size)
	}
	whole := size / wordBytes
	for i := range whole {
		if binary.LittleEndian.Uint64(value[i*wordBytes:]) != textWord(seed, uint64(i)) {
			return fmt.Errorf("%w: %d bytes differ in the word at byte %d", ErrValue, size, i*wordBytes)
		}
	}
	word := textWord(seed, uint64(whole))
	for i := whole * wordBytes; i < size; i++ {
		if value[i] != byte(word) {
			return fmt.Errorf("%w: %d bytes differ at byte %d", ErrValue, size, i)
		}
		word >>= 8
	}
	return nil
}

// golden is the increment of splitmix64 and mix its finaliser, a bijection on 64-bit words.
const golden = 0x9e3779b97f4a7c15

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
