package isolation

import (
	"math/rand/v2"

	"bpfdb/internal/history"
)

const (
	neighbourFirst = 1 << 62 // numbers of keys that are no lists
	neighbourTries = 150_000 // of them are looked at, for a few in each list's bucket
	neighbourLists = 100     // generations of lists that have some
)

// neighbours sets and deletes keys that share the index buckets of the lists in use, so that transactions find
// buckets changed that hold what they read: they must neither miss a conflict nor lose their place.
type neighbours struct {
	goAPI
	rng  *rand.Rand
	keys [neighbourLists][][]byte // by generation
}

func (d *database) neighbours(s *scene, w ebpfWorkers) (*neighbours, error) {
	generation := map[uint64]int{} // by bucket
	bucket := func(key uint64) (uint64, error) {
		args := &listsListsArgs{FirstKey: key}
		err := w.call("lists_bucket", args)
		return args.Seed, err
	}
	for i := range uint64(neighbourLists * listSlots) {
		b, err := bucket(s.firstKey + i)
		if err != nil {
			return nil, err
		}
		generation[b] = int(i / listSlots)
	}
	n := &neighbours{goAPI: goAPI{d.DB}, rng: rand.New(rand.NewPCG(s.seed, 0))}
	for key := uint64(neighbourFirst); key < neighbourFirst+neighbourTries; key++ {
		b, err := bucket(key)
		if err != nil {
			return nil, err
		}
		if g, ok := generation[b]; ok {
			n.keys[g] = append(n.keys[g], number64(key))
		}
	}
	return n, nil
}

// one changes a neighbour of a list of the generation in use, or of the one before or after.
func (n *neighbours) one(generation uint64) error {
	g := min(max(int(generation)+n.rng.IntN(3)-1, 0), neighbourLists-1)
	if len(n.keys[g]) == 0 {
		return nil
	}
	key := n.keys[g][n.rng.IntN(len(n.keys[g]))]
	var err error
	if n.rng.IntN(2) == 0 {
		err = n.db.Set(key, make([]byte, n.rng.IntN(100)))
	} else {
		_, err = n.db.Delete(key)
	}
	if refused(err) {
		return nil
	}
	return err
}

// some changes as many as may go on while other clients run a transaction.
func (n *neighbours) some(s *scene) error {
	for range 20 {
		if err := n.one(s.generation.Load()); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes them all.
func (n *neighbours) remove() error {
	for _, keys := range n.keys {
		for _, key := range keys {
			if _, err := n.db.Delete(key); err != nil {
				return err
			}
		}
	}
	return nil
}

// follow remembers the newest lists that a client was at.
func (s *scene) follow(accesses []history.Access) {
	for _, a := range accesses {
		g := (a.Key - s.firstKey) / listSlots
		if now := s.generation.Load(); g > now {
			s.generation.CompareAndSwap(now, g) // losing to another is as good
		}
	}
}
