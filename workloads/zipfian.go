package workloads

import (
	"math"
	"math/rand/v2"
)

// scatteredZipf is Zipf(theta, n) over key numbers: rank k (from 0) has probability
// proportional to (k+1)^-theta, and a bijection spreads the ranks over the key space so
// that hot keys are not neighbours.
type scatteredZipf struct {
	ranks   *zipf
	scatter permutation
}

func newScatteredZipf(n uint64, theta float64) scatteredZipf {
	return scatteredZipf{ranks: newZipf(n, theta), scatter: newPermutation(n)}
}

func (s scatteredZipf) Next(r *rand.Rand) uint64 { return s.scatter.at(s.ranks.next(r)) }

// zipf draws ranks exactly, for any theta above 0, by rejection-inversion (Hoermann and
// Derflinger, "Rejection-inversion to generate variates from monotone discrete
// distributions", ACM TOMACS 6(3), 1996). It needs no sum over n terms, unlike the
// approximation of Gray et al. that YCSB uses, so it starts at once for any n.
type zipf struct {
	n          float64
	theta      float64
	oneMinus   float64 // 1 - theta
	integral1  float64 // integral up to 1.5, less the mass of rank 1
	integralN  float64 // integral up to n + 0.5
	acceptance float64 // ranks this close to the inverse are accepted without evaluation
}

func newZipf(n uint64, theta float64) *zipf {
	z := &zipf{n: float64(n), theta: theta, oneMinus: 1 - theta}
	z.integral1 = z.integral(1.5) - 1
	z.integralN = z.integral(z.n + 0.5)
	z.acceptance = 2 - z.inverse(z.integral(2.5)-z.mass(2))
	return z
}

// next draws a rank in [0, n).
func (z *zipf) next(r *rand.Rand) uint64 {
	for {
		u := z.integralN + r.Float64()*(z.integral1-z.integralN)
		x := z.inverse(u)
		k := min(max(math.Floor(x+0.5), 1), z.n)
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
