package workloads

import (
	"math"
	"math/rand/v2"
	"sync"
)

// scatteredZipf is Zipf(theta, n) over key numbers: rank k (from 0) has probability
// proportional to (k+1)^-theta, and a bijection spreads the ranks over the key space so
// that hot keys are not neighbours.
type scatteredZipf struct {
	ranks   *zipf
	scatter permutation
}

func newScatteredZipf(n uint64, theta float64) scatteredZipf {
	return scatteredZipf{ranks: zipfOf(n, theta), scatter: newPermutation(n)}
}

func (s scatteredZipf) Next(r *rand.Rand) uint64 { return s.scatter.at(s.ranks.next(r)) }

// zipf draws ranks exactly for any theta above 0. The hottest ranks, half the draws of
// ycsb-a, come from an alias table; the others by rejection-inversion (Hoermann and
// Derflinger, "Rejection-inversion to generate variates from monotone discrete
// distributions", ACM TOMACS 6(3), 1996). No sum over n terms is needed, unlike for the
// approximation of Gray et al. that YCSB uses, so it starts at once for any n.
type zipf struct {
	n          float64
	theta      float64
	oneMinus   float64 // 1 - theta
	head       *alias  // ranks 0 to tailRank-1; the outcome tailRank stands for the rest
	integralA  float64 // integral up to where the tail begins
	integralN  float64 // integral up to n + 0.5
	acceptance float64 // ranks this close to the inverse are accepted without evaluation
}

// tailRank is the first rank (from 0) that is not in the table.
const tailRank = aliasSlots - 1

// zipfs are those made so far, by their law: many streams draw from the same one, and one table
// between them stays in the processor's cache.
var zipfs sync.Map

// law is a Zipf law over n ranks.
type law struct {
	n     uint64
	theta float64
}

func zipfOf(n uint64, theta float64) *zipf {
	if z, ok := zipfs.Load(law{n, theta}); ok {
		return z.(*zipf)
	}
	z, _ := zipfs.LoadOrStore(law{n, theta}, newZipf(n, theta))
	return z.(*zipf)
}

func newZipf(n uint64, theta float64) *zipf {
	z := &zipf{n: float64(n), theta: theta, oneMinus: 1 - theta}
	z.integralA = z.integral(tailRank + 0.5)
	z.integralN = z.integral(z.n + 0.5)
	z.acceptance = 2 - z.inverse(z.integral(2.5)-z.mass(2))
	var weights [aliasSlots]float64
	for rank := range min(n, tailRank) {
		weights[rank] = z.mass(float64(rank + 1))
	}
	if n > tailRank {
		weights[tailRank] = z.tailMass()
	}
	z.head = newAlias(&weights)
	return z
}

// tailMass is the sum of the masses from tailRank on, by the Euler-Maclaurin formula; what
// it leaves out is below 1e-12 of the mass of all ranks.
func (z *zipf) tailMass() float64 {
	const a = tailRank + 1
	slope := func(x float64) float64 { return -z.theta * z.mass(x) / x }
	return z.integral(z.n) - z.integral(a) + (z.mass(a)+z.mass(z.n))/2 + (slope(z.n)-slope(a))/12
}

// next draws a rank in [0, n).
func (z *zipf) next(r *rand.Rand) uint64 {
	if rank := z.head.next(r); rank != tailRank {
		return rank
	}
	for {
		u := z.integralN + r.Float64()*(z.integralA-z.integralN)
		x := z.inverse(u)
		k := min(max(math.Floor(x+0.5), tailRank+1), z.n)
		if k-x <= z.acceptance || u >= z.integral(k+0.5)-z.mass(k) {
			return uint64(k) - 1
		}
	}
}

// mass is the unnormalised probability of rank x, counted from 1.
func (z *zipf) mass(x float64) float64 { return math.Exp(-z.theta * math.Log(x)) }

// integral of the mass function from 1 to x; it tends to log x as theta tends to 1.
func (z *zipf) integral(x float64) float64 {
	logX := math.Log(x)
	return logX * expm1Over(z.oneMinus*logX)
}

// inverse of integral.
func (z *zipf) inverse(y float64) float64 {
	return math.Exp(y * log1pOver(max(y*z.oneMinus, -1)))
}

// seriesBelow is where the quotients below start to lose digits and a series, good to
// thirteen digits there, takes over.
const seriesBelow = 1e-4

// expm1Over is (e^x - 1) / x, continuous at 0.
func expm1Over(x float64) float64 {
	if -seriesBelow < x && x < seriesBelow {
		return 1 + x/2 + x*x/6
	}
	return (math.Exp(x) - 1) / x
}

// log1pOver is log(1 + x) / x, continuous at 0. It is not math.Log1p, which is slower and
// more precise than a draw needs.
func log1pOver(x float64) float64 {
	if -seriesBelow < x && x < seriesBelow {
		return 1 - x/2 + x*x/3
	}
	return math.Log(1+x) / x
}
