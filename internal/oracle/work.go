package oracle

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// work is one thing to do: requests, of which the last one's reply says whether it was done, and what it changes
// then.
type work struct {
	requests [][]string
	apart    bool // the first request's reply must be good before the others are sent
	changes  []change
	reads    string // the key whose value the last reply must be
	shared   bool   // it moves money, or counts it
}

const (
	keysPerClient = 12
	maxValue      = 60_000
)

// what names it in a report.
func (w work) what() string {
	var b strings.Builder
	for _, request := range w.requests {
		for _, word := range request {
			fmt.Fprintf(&b, "%.24s ", word)
		}
		b.WriteString("; ")
	}
	return fmt.Sprintf("%.240s", b.String())
}

// author makes up what a client does. It sees the state that its keys have once all before is done.
type author struct {
	*rand.Rand
	name string
	now  state
	in   bool // a transaction of MULTI, which queues not much more than the largest value
}

func (a *author) key() string     { return fmt.Sprintf("%s:%d", a.name, a.IntN(keysPerClient-2)) }
func (a *author) counter() string { return a.name + ":counter" }
func (a *author) text() string    { return a.name + ":text" }

// keys are all keys of the client.
func (a *author) keys() []string {
	keys := []string{a.counter(), a.text()}
	for i := range keysPerClient - 2 {
		keys = append(keys, fmt.Sprintf("%s:%d", a.name, i))
	}
	return keys
}

// value is hardly ever the same twice, and now and then large.
func (a *author) value() string {
	v := fmt.Sprintf("%s-%x", a.name, a.Uint64())
	switch a.IntN(60) {
	case 0:
		if !a.in {
			return strings.Repeat(v, 1+a.IntN(maxValue/len(v)))
		}
	case 1, 2, 3, 4, 5:
		return strings.Repeat(v, 1+a.IntN(20))
	}
	return v
}

// next makes up one thing to do.
func (a *author) next() work {
	switch n := a.IntN(100); {
	case n < 20:
		return a.one(a.set())
	case n < 30:
		return a.one(a.del())
	case n < 42:
		return a.one(a.incr())
	case n < 52:
		return a.one(a.add())
	case n < 62:
		return a.one(a.mset())
	case n < 70:
		return a.multi()
	case n < 76:
		return a.interactive()
	case n < 86:
		key := a.key()
		return work{requests: [][]string{{"GET", key}}, reads: key}
	case n < 98:
		from := a.IntN(accounts)
		to := (from + 1 + a.IntN(accounts-1)) % accounts
		return work{requests: [][]string{{"CALL", "transfer", account(from), account(to)}}, shared: true}
	}
	return work{requests: [][]string{append([]string{"MGET"}, allAccounts()...)}, shared: true}
}

func (a *author) one(request []string, changes []change) work {
	return work{requests: [][]string{request}, changes: changes}
}

func (a *author) put(key, value string) change {
	a.now[key] = value
	return change{key, &value}
}

func (a *author) set() ([]string, []change) {
	key, value := a.key(), a.value()
	return []string{"SET", key, value}, []change{a.put(key, value)}
}

func (a *author) del() ([]string, []change) {
	request := []string{"DEL"}
	var changes []change
	for range 1 + a.IntN(3) {
		key := a.key()
		request, changes = append(request, key), append(changes, change{key, nil})
		delete(a.now, key)
	}
	return request, changes
}

func (a *author) incr() ([]string, []change) {
	n, _ := strconv.Atoi(a.now[a.counter()])
	return []string{"INCR", a.counter()}, []change{a.put(a.counter(), strconv.Itoa(n+1))}
}

// add appends to a text, or begins it anew when it is long.
func (a *author) add() ([]string, []change) {
	if len(a.now[a.text()]) > 3000 {
		return []string{"SET", a.text(), ""}, []change{a.put(a.text(), "")}
	}
	tail := fmt.Sprintf(".%x", a.Uint32())
	return []string{"APPEND", a.text(), tail}, []change{a.put(a.text(), a.now[a.text()]+tail)}
}

func (a *author) mset() ([]string, []change) {
	request := []string{"MSET"}
	var changes []change
	for range 2 + a.IntN(5) {
		key, value := a.key(), a.value()
		request, changes = append(request, key, value), append(changes, a.put(key, value))
	}
	return request, changes
}

// some are a few requests with their changes.
func (a *author) some() (requests [][]string, changes []change) {
	for range 1 + a.IntN(4) {
		makes := []func() ([]string, []change){a.set, a.del, a.incr, a.add, a.mset}
		request, more := makes[a.IntN(len(makes))]()
		requests, changes = append(requests, request), append(changes, more...)
	}
	return requests, changes
}

func (a *author) multi() work {
	a.in = true
	requests, changes := a.some()
	a.in = false
	requests = append(append([][]string{{"MULTI"}}, requests...), []string{"EXEC"})
	return work{requests: requests, changes: changes}
}

func (a *author) interactive() work {
	if a.IntN(8) == 0 { // nothing of it may ever be seen
		now := a.now
		a.now = merge(now, nil)
		requests, _ := a.some()
		a.now = now
		return work{requests: append(append([][]string{{"BEGIN"}}, requests...), []string{"ABORT"}), apart: true}
	}
	requests, changes := a.some()
	requests = append(append([][]string{{"BEGIN"}}, requests...), []string{"COMMIT"})
	return work{requests: requests, changes: changes, apart: true}
}
