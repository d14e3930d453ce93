package driver

// dueQueue orders the connections of a thread by when they have to be looked at next: a
// binary heap that does not allocate once it has grown.
type dueQueue struct{ items []dueItem }

type dueItem struct {
	dueNS int64
	conn  *conn
}

func (q *dueQueue) len() int { return len(q.items) }

func (q *dueQueue) clear() { q.items = q.items[:0] }

// firstNS is the earliest due time; the queue must not be empty.
func (q *dueQueue) firstNS() int64 { return q.items[0].dueNS }

func (q *dueQueue) push(dueNS int64, c *conn) {
	q.items = append(q.items, dueItem{dueNS, c})
	for i := len(q.items) - 1; i > 0; {
		parent := (i - 1) / 2
		if q.items[parent].dueNS <= q.items[i].dueNS {
			return
		}
		q.items[parent], q.items[i] = q.items[i], q.items[parent]
		i = parent
	}
}

// pop removes and returns the connection that is due first.
func (q *dueQueue) pop() *conn {
	first := q.items[0].conn
	last := len(q.items) - 1
	q.items[0] = q.items[last]
	q.items = q.items[:last]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if q.items[child].dueNS < q.items[least].dueNS {
				least = child
			}
		}
		if least == i {
			return first
		}
		q.items[least], q.items[i] = q.items[i], q.items[least]
		i = least
	}
}
