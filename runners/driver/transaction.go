package driver

import (
	"bpfdb/runners/transaction"
	"bpfdb/workloads"
)

// Transactions is what only a load of transactions has.
type Transactions struct {
	Measured transaction.Ledger
	Ever     transaction.Ledger // of the warm-up too: what the data must agree with
	// Drawn and WarmupDrawn count the transactions of each connection, in their order: what to
	// generate again in order to verify the data.
	Drawn, WarmupDrawn []uint64
}

func transactionsOf(recorders []*recorder, p *phase) *Transactions {
	t := &Transactions{Drawn: p.drawn()}
	for _, r := range recorders {
		t.Measured.Merge(&r.ledger)
		t.Ever.Merge(&r.ever)
		t.Ever.Merge(&r.ledger)
	}
	return t
}

func (r *Result) addTransactions(part *Transactions) {
	if part == nil {
		return
	}
	if r.Transactions == nil {
		r.Transactions = &Transactions{}
	}
	r.Transactions.Measured.Merge(&part.Measured)
	r.Transactions.Ever.Merge(&part.Ever)
	r.Transactions.Drawn = append(r.Transactions.Drawn, part.Drawn...)
	r.Transactions.WarmupDrawn = append(r.Transactions.WarmupDrawn, part.WarmupDrawn...)
}

// txnSource yields the transactions of one worker and counts them.
type txnSource struct {
	stream *workloads.TxnStream
	timed  bool // the digest covers the first digestOperations only
	drawn  uint64
	digest uint64
}

func (s *txnSource) next() workloads.Txn {
	t := s.stream.Next()
	if s.drawn++; s.drawn == digestOperations {
		s.digest = s.stream.Digest()
	}
	return t
}

// sum draws what a slow server did not get to, without counting: it is for after the phase.
func (s *txnSource) sum() uint64 {
	if s.timed && s.drawn >= digestOperations {
		return s.digest
	}
	for i := s.drawn; s.timed && i < digestOperations; i++ {
		s.stream.Next()
	}
	return s.stream.Digest()
}

// drawn counts the transactions of each worker so far; nil where there are none.
func (p *phase) drawn() (all []uint64) {
	for _, w := range p.workers {
		if w.txns != nil {
			all = append(all, w.txns.drawn)
		}
	}
	return all
}

// sendTransaction begins the next transaction of a closed loop.
func (t *thread) sendTransaction(c *conn) error {
	t.clock()
	t.beginTransaction(c, t.now)
	return t.flush(c)
}

// beginTransaction draws the next transaction and makes the requests of its first round.
func (t *thread) beginTransaction(c *conn, dueNS int64) {
	c.work.left--
	c.txn = c.work.txns.next()
	c.output, c.flushed = c.session.Begin(c.output[:0], c.txn), 0
	c.writtenNS = t.now
	c.flying.push(flight{due: dueNS, first: t.now, sent: t.now})
}

// takeTransaction hands a reply, which is in t.parsed, to the session.
func (t *thread) takeTransaction(c *conn) {
	t.elements = t.elements[:0]
	for _, e := range t.parsed {
		t.elements = append(t.elements, transaction.Element(e))
	}
	c.session.Take(t.elements)
}

// endTransactionRound sends what follows the replies of a round: another one, the next
// transaction when it is due, or nothing more.
func (t *thread) endTransactionRound(c *conn) error {
	var result transaction.Result
	c.output, result = c.session.Next(c.output[:0])
	c.flushed = 0
	if result.Outcome == transaction.Unfinished {
		c.writtenNS = t.now
		return t.flush(c)
	}
	c.roomNS = t.now
	f := c.flying.pop()
	t.rec.ended(c.txn.Kind, result, times{due: f.due, first: f.first, sent: f.sent, done: t.now})
	switch {
	case t.open:
		return t.sendDue(c)
	case c.work.left > 0 && !t.phase.over.Load():
		return t.sendTransaction(c)
	}
	t.busy--
	return nil
}

// ended accounts for a transaction. Only those that committed or aborted have a latency.
func (r *recorder) ended(kind workloads.TxnKind, got transaction.Result, at times) {
	r.commands++
	r.ops++
	r.ledger.Add(kind, got)
	switch got.Outcome {
	case transaction.Failed:
		r.fail(got.Problem)
		return
	case transaction.GaveUp:
		return
	}
	r.record(&r.hists, slotTxn+slot(kind), at.done-at.due)
	if r.open {
		r.record(&r.service, slotTxn+slot(kind), at.done-at.first)
	}
	r.sumNS += at.done - at.due
	r.course.add(at.done, at.done-at.due)
}
