package workloads

import "strconv"

// MaxKeyBytes is the length of the longest key name: "user" and 19 digits.
const MaxKeyBytes = 4 + 19

// AppendKey appends the name of key number n as YCSB's Java client builds it with
// insertorder=hashed: "user" and the decimal hash of n, not padded.
func AppendKey(dst []byte, n uint64) []byte {
	dst = append(dst, "user"...)
	return strconv.AppendUint(dst, hashKey(n), 10)
}

// hashKey is YCSB's Utils.hash: 64-bit FNV-1a over the eight bytes of n, low byte first,
// then the absolute value of the signed result.
func hashKey(n uint64) uint64 {
	const offsetBasis, prime = 0xcbf29ce484222325, 1099511628211
	h := uint64(offsetBasis)
	for range 8 {
		h = (h ^ n&0xff) * prime
		n >>= 8
	}
	if int64(h) < 0 {
		return -h
	}
	return h
}
