package oracle

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	accounts = 10
	money    = 100 // in each at first
)

func account(n int) string { return fmt.Sprintf("account%d", n) }

func allAccounts() (names []string) {
	for n := range accounts {
		names = append(names, account(n))
	}
	return names
}

// Fleet is several clients with one memory, for one store through all its restarts.
type Fleet struct {
	clients []*client
	flushes bool
	refuses func(reply string) bool
	working sync.RWMutex // held for writing while everything is removed
	rich    bool         // the accounts have been opened for certain
	unsure  bool         // whether everything was removed: nobody goes on, though the kernel may serve for a moment
	last    atomic.Int64 // when the last reply to a request that changed something came, in ns since 1970
}

var errUnsure = errors.New("nobody knows whether FLUSHALL happened")

// Figures say what a fleet has seen.
type Figures struct {
	Replies int            // received
	Steps   int            // requests that change something, found whole or not at all after a restart
	Lost    int            // of these acknowledged ones that were gone, as they might
	Refused map[string]int // by the first word of the reply
}

func (f *Figures) refused(reply string) {
	if f.Refused == nil {
		f.Refused = map[string]int{}
	}
	word, _, _ := cutWord(reply)
	f.Refused[word]++
}

func cutWord(text string) (word, rest string, found bool) {
	for i, c := range text {
		if c == ' ' {
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

// New makes a fleet. With flushes a client removes everything now and then. Refuses tells which error replies to
// writes are in order; nil: none.
func New(seed uint64, clients int, flushes bool, refuses func(reply string) bool) *Fleet {
	f := &Fleet{flushes: flushes, refuses: refuses}
	for n := range clients {
		f.clients = append(f.clients, newClient(f, n, seed))
	}
	return f
}

// mayRefuse tells whether an error reply is in order. A transaction may conflict with writers of other keys, too.
func (f *Fleet) mayRefuse(reply string) bool {
	return strings.HasPrefix(reply, "CONFLICT") || f.refuses != nil && f.refuses(reply)
}

// Figures sums up what all clients have seen.
func (f *Fleet) Figures() (sum Figures) {
	sum.Refused = map[string]int{}
	for _, c := range f.clients {
		sum.Replies += c.sum.Replies
		sum.Steps += c.sum.Steps
		sum.Lost += c.sum.Lost
		for word, n := range c.sum.Refused {
			sum.Refused[word] += n
		}
	}
	return sum
}

// LastReply is when the last reply came to a request that changed something of a client's own.
func (f *Fleet) LastReply() time.Time { return time.Unix(0, f.last.Load()) }

// open gives every account its money, or finds that it has it.
func (f *Fleet) open(conn *Conn) error {
	request := []string{"MSET"}
	for _, name := range allAccounts() {
		request = append(request, name, strconv.Itoa(money))
	}
	f.rich = false
	reply, err := conn.Do(request...)
	if err == nil && !reply.Failed() {
		f.rich = true
	}
	return err
}

// Run has all clients work until their connections fail or stop is closed. The error is an ErrAnomaly, or nil.
func (f *Fleet) Run(addrs []string, stop <-chan struct{}) error {
	errs := make([]error, len(f.clients))
	f.unsure = false
	var wg sync.WaitGroup
	for n, c := range f.clients {
		wg.Go(func() { errs[n] = c.run(addrs[n%len(addrs)], stop) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// flush removes everything, with nobody else at work, and opens the accounts again.
func (f *Fleet) flush(conn *Conn) error {
	f.working.Lock()
	defer f.working.Unlock()
	if f.unsure {
		return errUnsure
	}
	for _, c := range f.clients {
		var changes []change
		for _, key := range c.author.keys() {
			changes = append(changes, change{key, nil})
		}
		c.past.steps = append(c.past.steps, step{what: "FLUSHALL", changes: changes})
	}
	f.rich = false
	reply, err := conn.Do("FLUSHALL")
	if err != nil {
		f.unsure = true
		return err
	}
	for _, c := range f.clients {
		last := len(c.past.steps) - 1
		if reply.Failed() {
			c.past.steps = c.past.steps[:last]
			continue
		}
		c.past.steps[last].acked = time.Now()
		c.known = state{}
	}
	if reply.Failed() {
		f.clients[0].sum.refused(reply.Text)
		if !f.mayRefuse(reply.Text) {
			return fmt.Errorf("%w: FLUSHALL answered %s", ErrAnomaly, reply.Text)
		}
		return nil
	}
	return f.open(conn)
}

// Verify compares what the server has after a restart with what was done up to then: all that was acknowledged
// until the time given must be there. Clients go on from what was found. The error is an ErrAnomaly, or one of the
// connection.
func (f *Fleet) Verify(addr string, lastingUntil time.Time) error {
	conn, err := Dial(addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	var errs []error
	for _, c := range f.clients {
		errs = append(errs, c.verify(conn, lastingUntil))
	}
	reply, err := conn.Do(append([]string{"MGET"}, allAccounts()...)...)
	errs = append(errs, err)
	if err == nil {
		errs = append(errs, checkSum(reply.List, false))
	}
	return errors.Join(append(errs, f.open(conn))...)
}

// checkSum checks that no money was lost or made; unless it must be there, the accounts may not have been opened.
func checkSum(balances []Reply, must bool) error {
	sum, texts := 0, []string{}
	for _, balance := range balances {
		n, _ := strconv.Atoi(balance.Text)
		sum += n
		texts = append(texts, balance.Text)
	}
	none := !slices.ContainsFunc(balances, func(r Reply) bool { return !r.Null })
	if sum == accounts*money || none && !must {
		return nil
	}
	return fmt.Errorf("%w: the accounts have %v, together %d, want %d", ErrAnomaly, texts, sum, accounts*money)
}
