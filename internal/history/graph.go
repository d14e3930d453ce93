package history

import (
	"cmp"
	"slices"
)

// kind is why one transaction must come before another.
type kind uint8

// Kinds of dependencies; a set of them is a mask.
const (
	ww      kind = 1 << iota // it replaced what the other wrote
	wr                       // it read what the other wrote
	rw                       // it replaced what the other read
	session                  // it followed in the same session
	instant                  // it began after the other had returned; leads over instants
)

// edge leads to a transaction or, behind those, to an instant at which one returned.
type edge struct {
	to   int
	kind kind
	key  uint64 // list of ww, wr and rw
}

func (c *checker) connect(from, to int, kind kind, key uint64) {
	if from != to {
		c.edges[from] = append(c.edges[from], edge{to, kind, key})
	}
}

// seen is what a transaction knows of one list: all of it once it has read it.
type seen struct {
	read bool
	list []uint64 // since the start, or since its first read
	own  int      // elements at the end of list that are its own
}

// connectReads finds the dependencies of what transaction i read, and whether it saw its own appends.
func (c *checker) connectReads(i int) {
	lists := map[uint64]*seen{}
	for _, a := range c.txns[i].Accesses {
		s := lists[a.Key]
		if s == nil {
			s = &seen{}
			lists[a.Key] = s
		}
		if a.Append {
			if s.read && s.own == 0 {
				v := version{a.Key, len(s.list)}
				c.updates[v] = append(c.updates[v], i)
			}
			s.list, s.own = append(slices.Clip(s.list), a.Value), s.own+1
			continue
		}
		before := len(a.List) - len(s.list)
		if before < 0 || s.read && before > 0 || !slices.Equal(a.List[before:], s.list) {
			c.report(Internal, []int{i}, "T%d should have read list %d ending in %s", i, a.Key, listText(s.list))
			continue
		}
		if !s.read {
			c.connectRead(i, a.Key, a.List[:before])
			s.read, s.list = true, a.List
		}
	}
}

// connectRead ties transaction i to who wrote the version it read and to who replaced it.
func (c *checker) connectRead(i int, key uint64, list []uint64) {
	known := c.orders[key].list
	if n := min(len(list), len(known)); !slices.Equal(list[:n], known[:n]) {
		return // reported: no telling what came before or after
	}
	if len(list) > 0 {
		w, ok := c.writers[list[len(list)-1]]
		switch {
		case !ok || w.key != key:
		case w.txn == i:
			c.report(Internal, []int{i}, "T%d read its append to list %d before it made it", i, key)
		case !w.last:
			c.report(G1b, []int{w.txn, i}, "T%d read list %d as T%d had it before its last append", i, key, w.txn)
			fallthrough
		default:
			c.connect(w.txn, i, wr, key)
		}
	}
	if len(list) < len(known) {
		if w, ok := c.writers[known[len(list)]]; ok {
			c.connect(i, w.txn, rw, key)
		}
		return
	}
	for _, after := range c.tails[key] {
		c.connect(i, after, rw, key)
	}
}

// connectWrites ties the writers of each list in its order.
func (c *checker) connectWrites() {
	appends := map[int]int{} // to one list, by transaction
	for key, o := range c.orders {
		last := -1
		clear(appends)
		for _, value := range o.list {
			w, ok := c.writers[value]
			if ok && w.key == key && w.nth != appends[w.txn] {
				c.report(IncompatibleOrder, []int{w.txn}, "element %d of list %d is not where T%d appended it",
					value, key, w.txn)
			}
			appends[w.txn]++
			if ok && last >= 0 {
				c.connect(last, w.txn, ww, key)
			}
			if ok {
				last = w.txn
			}
		}
		for _, after := range c.tails[key] {
			if last >= 0 {
				c.connect(last, after, ww, key)
			}
		}
	}
}

// connectSessions ties the transactions of each session.
func (c *checker) connectSessions() {
	last := map[int]int{}
	for _, i := range c.sorted(func(t *Transaction) int64 { return t.CallNS }) {
		if before, ok := last[c.txns[i].Session]; ok {
			c.connect(before, i, session, 0)
		}
		last[c.txns[i].Session] = i
	}
}

// sorted returns the transactions that took effect, by a time.
func (c *checker) sorted(at func(*Transaction) int64) (txns []int) {
	for i := range c.txns {
		if c.took[i] {
			txns = append(txns, i)
		}
	}
	slices.SortStableFunc(txns, func(a, b int) int { return cmp.Compare(at(&c.txns[a]), at(&c.txns[b])) })
	return txns
}

// returnedNS is never before the call, whatever a history says.
func returnedNS(t *Transaction) int64 { return max(t.CallNS, t.ReturnNS) }

// connectTime ties each transaction to those that began after it returned. To name all pairs would take their
// number squared; so each leads to the instant of its return, instants to the next, and each instant to the
// transactions that begin before the next one. When an indeterminate one returned nobody knows.
func (c *checker) connectTime() {
	var returned []int64
	for _, i := range c.sorted(returnedNS) {
		if c.txns[i].Outcome != Committed {
			continue
		}
		node := len(c.edges)
		c.edges[i] = append(c.edges[i], edge{node, instant, 0})
		if len(returned) > 0 {
			c.edges[node-1] = append(c.edges[node-1], edge{node, instant, 0})
		}
		c.edges = append(c.edges, nil)
		returned = append(returned, returnedNS(&c.txns[i]))
	}
	for i := range c.txns {
		before, _ := slices.BinarySearch(returned, c.txns[i].CallNS) // how many had returned
		if c.took[i] && before > 0 {
			node := len(c.txns) + before - 1
			c.edges[node] = append(c.edges[node], edge{i, instant, 0})
		}
	}
}
