package workloads

import "math/rand/v2"

// sequential visits the keys of one worker in order and begins again at the end: worker w of
// n has the keys w, w + n, w + 2n, ...
type sequential struct{ next, first, stride, n uint64 }

func newSequential(n, worker, workers uint64) *sequential {
	return &sequential{next: worker % n, first: worker % n, stride: workers, n: n}
}

func (s *sequential) Next(*rand.Rand) uint64 {
	key := s.next
	if s.next += s.stride; s.next >= s.n {
		s.next = s.first
	}
	return key
}
