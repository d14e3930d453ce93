package workloads

// LoadOps yields one worker's share of the inserts that create the data set.
type LoadOps struct {
	next, end uint64
	digest    digest
}

// NewLoadOps returns the inserts of one worker out of workers: a contiguous block of key
// numbers, so that the workers together insert every key exactly once.
func NewLoadOps(spec Spec, worker, workers int) (*LoadOps, error) {
	if err := checkWorker(spec, worker, workers); err != nil {
		return nil, err
	}
	l := &LoadOps{digest: newDigest(spec.ValueBytes)}
	if spec.HasData() {
		first, count := Share(spec.Records, worker, workers)
		l.next, l.end = first, first+count
	}
	return l, nil
}

// Len returns the number of inserts that are left.
func (l *LoadOps) Len() uint64 { return l.end - l.next }

// Next returns the next insert; after the last one it panics. It does not allocate.
func (l *LoadOps) Next() Op {
	if l.next == l.end {
		panic("workloads: LoadOps.Next after the last insert")
	}
	op := Op{Kind: Insert, Key: l.next}
	l.next++
	l.digest.add(op)
	return op
}

// Digest returns a hash of every insert produced so far, as Stream.Digest does.
func (l *LoadOps) Digest() uint64 { return uint64(l.digest) }

// Share splits total items among workers as evenly as possible and without a rest: it
// returns the first item of the worker's block and how many it has.
func Share(total uint64, worker, workers int) (first, count uint64) {
	w, n := uint64(worker), uint64(workers)
	base, extra := total/n, total%n
	first = w*base + min(w, extra)
	count = base
	if w < extra {
		count++
	}
	return first, count
}
