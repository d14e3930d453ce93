package workloads

import "math/bits"

// permutation is a fixed bijection on [0, n) that scatters neighbouring numbers. It mixes
// within the next power of two, where xor-shifts and odd multipliers are invertible, and
// walks the cycle until it is back below n: fewer than two steps on average, because the
// power of two is less than 2n. Unlike hashing modulo n it has no collisions, so the
// distribution that feeds it keeps its shape.
type permutation struct {
	n     uint64
	mask  uint64
	shift uint // half the width, so that high bits reach the low half
}

func newPermutation(n uint64) permutation {
	width := uint(bits.Len64(n - 1))
	return permutation{n: n, mask: 1<<width - 1, shift: (width + 1) / 2}
}

// at returns the image of i, which must be below n.
func (p permutation) at(i uint64) uint64 {
	for {
		i = p.step(i)
		if i < p.n {
			return i
		}
	}
}

// step is a bijection on [0, mask]. The offset keeps 0 from being a fixed point; the
// multipliers are those of the splitmix64 and murmur3 finalisers.
func (p permutation) step(i uint64) uint64 {
	i = (i + 0x9e3779b97f4a7c15) & p.mask
	i ^= i >> p.shift
	i = (i * 0xbf58476d1ce4e5b9) & p.mask
	i ^= i >> p.shift
	i = (i * 0x94d049bb133111eb) & p.mask
	i ^= i >> p.shift
	i = (i * 0xff51afd7ed558ccd) & p.mask
	return i ^ i>>p.shift
}
