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

// zeroBytes is what so many last bytes of zero multiply the hash by: powers of its prime.
var zeroBytes = func() (powers [9]uint64) {
	powers[0] = 1
	for i := range 8 {
		powers[i+1] = powers[i] * hashPrime
	}
	return powers
}()

const hashPrime = 1099511628211

// hashKey is YCSB's Utils.hash: 64-bit FNV-1a over the eight bytes of n, low byte first,
// then the absolute value of the signed result.
func hashKey(n uint64) uint64 {
	const offsetBasis = 0xcbf29ce484222325
	h := uint64(offsetBasis)
	rest := 8
	for ; n > 0; rest-- {
		h = (h ^ n&0xff) * hashPrime
		n >>= 8
	}
	h *= zeroBytes[rest]
	if int64(h) < 0 {
		return -h
	}
	return h
}
