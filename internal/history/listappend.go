// Histories of list appends are checked in the style of Elle (Kingsbury and Alvaro, VLDB 2020): because every
// element is unique and lists only grow, a read tells the order of all writes before it. From that order follow
// the dependencies between transactions; the history is strictly serializable if they, with the order of real
// time, have no cycle.

package history

import "slices"

// Anomalies returns why the history, all lists empty at first, is not strictly serializable: nil means that it
// is. At most maxOfName of a name are returned. An indeterminate transaction counts as committed when somebody
// who committed read of it, and else as not having happened, which no other answer contradicts.
func Anomalies(txns []Transaction) []Anomaly {
	c := checker{
		txns: txns, took: make([]bool, len(txns)), edges: make([][]edge, len(txns)),
		writers: map[uint64]writer{}, orders: map[uint64]order{}, position: map[uint64]int{},
		tails: map[uint64][]int{}, updates: map[version][]int{},
		reported: map[string]bool{}, named: map[string]int{},
	}
	c.findWriters()
	c.recoverOrders()
	c.findTails()
	for i := range txns {
		if c.took[i] {
			c.connectReads(i)
		}
	}
	c.findLostUpdates()
	c.connectWrites()
	c.connectSessions()
	c.connectTime()
	c.findCycles()
	return c.anomalies
}

// writer is who appended an element.
type writer struct {
	txn  int
	key  uint64
	nth  int  // of its appends to that key, from 0
	last bool // of them
}

// order is what is known of the elements of one list, and the transaction that read as much.
type order struct {
	list   []uint64
	reader int
}

// version is a state of one list.
type version struct {
	key uint64
	len int
}

type checker struct {
	txns     []Transaction
	took     []bool            // the transaction committed
	writers  map[uint64]writer // by element
	orders   map[uint64]order  // by key
	position map[uint64]int    // of each element in its order
	tails    map[uint64][]int  // by key: who committed an append that is in no list read
	updates  map[version][]int // who read a version and then appended to it
	edges    [][]edge          // by transaction, then by instant
	reported map[string]bool
	named    map[string]int

	anomalies []Anomaly
}

func (c *checker) findWriters() {
	last, appends := map[uint64]uint64{}, map[uint64]int{} // of one transaction, by key
	for i := range c.txns {
		clear(last)
		clear(appends)
		for _, a := range c.txns[i].Accesses {
			if a.Append {
				last[a.Key] = a.Value
			}
		}
		for _, a := range c.txns[i].Accesses {
			if !a.Append {
				continue
			}
			if w, ok := c.writers[a.Value]; ok {
				c.report(DuplicateAppend, []int{w.txn, i}, "element %d is appended twice", a.Value)
				continue
			}
			c.writers[a.Value] = writer{i, a.Key, appends[a.Key], last[a.Key] == a.Value}
			appends[a.Key]++
		}
	}
}

// recoverOrders learns from all reads of committed transactions, and which of the indeterminate ones committed.
func (c *checker) recoverOrders() {
	var pending []int
	for i := range c.txns {
		if c.txns[i].Outcome == Committed {
			c.took[i] = true
			pending = append(pending, i)
		}
	}
	for len(pending) > 0 {
		i := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		for _, a := range c.txns[i].Accesses {
			if !a.Append {
				pending = append(pending, c.learn(i, a)...)
			}
		}
	}
}

// learn compares one read with what is known of its list; it returns the indeterminate transactions that are
// seen to have committed.
func (c *checker) learn(i int, a Access) (committed []int) {
	known := c.orders[a.Key]
	both := min(len(known.list), len(a.List))
	fresh := a.List[both:]
	if !slices.Equal(known.list[:both], a.List[:both]) {
		c.report(IncompatibleOrder, []int{known.reader, i}, "T%d and T%d read list %d in different orders: %s and %s",
			known.reader, i, a.Key, listText(known.list), listText(a.List))
		fresh = a.List
	} else if len(a.List) > len(known.list) {
		c.orders[a.Key] = order{a.List, i}
		for at := both; at < len(a.List); at++ {
			if before, ok := c.position[a.List[at]]; ok {
				c.report(DuplicateAppend, []int{i}, "element %d is in list %d twice, at %d and %d",
					a.List[at], a.Key, before, at)
			}
			c.position[a.List[at]] = at
		}
	}
	for _, value := range fresh {
		w, ok := c.writers[value]
		switch {
		case !ok || w.key != a.Key:
			c.report(UnwrittenValue, []int{i}, "nobody appended %d to list %d", value, a.Key)
		case c.txns[w.txn].Outcome == Aborted:
			c.report(G1a, []int{w.txn, i}, "T%d read element %d of list %d, which T%d appended and aborted",
				i, value, a.Key, w.txn)
		case !c.took[w.txn]:
			c.took[w.txn] = true
			committed = append(committed, w.txn)
		}
	}
	return committed
}

// findTails collects the committed appends that nobody read: they came after all that were.
func (c *checker) findTails() {
	for i := range c.txns {
		if !c.took[i] {
			continue
		}
		for _, a := range c.txns[i].Accesses {
			if !a.Append {
				continue
			}
			tail := c.tails[a.Key]
			if _, read := c.position[a.Value]; !read && (len(tail) == 0 || tail[len(tail)-1] != i) {
				c.tails[a.Key] = append(tail, i)
			}
		}
	}
}

// findLostUpdates reports who changed the same version of a list after reading it: one change is lost.
func (c *checker) findLostUpdates() {
	for v, txns := range c.updates {
		if len(txns) > 1 {
			c.report(LostUpdate, txns, "all read list %d with %d elements and appended to that", v.key, v.len)
		}
	}
}
