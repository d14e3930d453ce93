package history

import (
	"fmt"
	"strings"
)

// Outcome says how a transaction ended, as far as its client knows.
type Outcome uint8

// Outcomes of transactions.
const (
	Committed     Outcome = iota
	Aborted               // by its client or the engine: nothing of it may be seen
	Indeterminate         // the connection broke during COMMIT: all of it happened, or nothing
)

func (o Outcome) String() string { return [...]string{"committed", "aborted", "indeterminate"}[o] }

// Access is one operation of a transaction on one list. A list begins empty and only grows.
type Access struct {
	Append bool
	Key    uint64
	Value  uint64   // Append: the element, unique in the history
	List   []uint64 // read: every element, oldest first
}

// Transaction is what one client did between BEGIN and the reply to COMMIT or ABORT.
type Transaction struct {
	Client           string // for people: the path and what runs it
	Session          int    // transactions of one session follow each other; from 0
	Outcome          Outcome
	Accesses         []Access // reads whose reply never came are left out, appends are not
	CallNS, ReturnNS int64    // one clock for all clients
}

func (a Access) String() string {
	if a.Append {
		return fmt.Sprintf("a(%d, %d)", a.Key, a.Value)
	}
	return fmt.Sprintf("r(%d)=%s", a.Key, listText(a.List))
}

// listTail is how much of a long list is printed.
const listTail = 6

func listText(list []uint64) string {
	if len(list) <= listTail {
		return fmt.Sprint(list)
	}
	return fmt.Sprintf("[%d elements ...%s", len(list), strings.TrimPrefix(fmt.Sprint(list[len(list)-listTail:]), "["))
}

// text shows transaction i of the history.
func (t *Transaction) text(i int) string {
	words := make([]string, len(t.Accesses))
	for j, a := range t.Accesses {
		words[j] = a.String()
	}
	return fmt.Sprintf("T%d (%s, session %d, %s, %d to %d ns): %s",
		i, t.Client, t.Session, t.Outcome, t.CallNS, t.ReturnNS, strings.Join(words, " "))
}
