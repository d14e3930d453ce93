package history

import (
	"fmt"
	"slices"
	"strings"
)

// Anomaly is one proof that a history is not strictly serializable.
type Anomaly struct {
	// Name is Adya's (1999) or that of the folklore: see the constants. A cycle that needs the order within a
	// session ends in -process, one that needs real time in -realtime, as in Elle.
	Name         string
	Transactions []int  // their numbers in the history, from 0
	Text         string // the transactions, and what ties them together
}

// Names of anomalies.
const (
	G0                = "G0"       // dirty write: a cycle of ww
	G1a               = "G1a"      // aborted read
	G1b               = "G1b"      // intermediate read
	G1c               = "G1c"      // circular information flow: a cycle of ww and wr
	GSingle           = "G-single" // read skew: a cycle with one rw
	G2Item            = "G2-item"  // a cycle with several rw; write skew if it has two transactions
	LostUpdate        = "lost update"
	Internal          = "internal inconsistency"
	IncompatibleOrder = "incompatible order"
	DuplicateAppend   = "duplicate append"
	UnwrittenValue    = "unwritten value" // a read of what nobody appended to that key
)

// maxOfName bounds how many anomalies of one name are reported.
const maxOfName = 5

func (a Anomaly) String() string { return a.Name + "\n" + a.Text }

// report adds an anomaly of these transactions unless the same ones are in such a report already.
func (c *checker) report(name string, txns []int, format string, args ...any) {
	id := slices.Clone(txns)
	slices.Sort(id)
	key := fmt.Sprint(name, id)
	if c.reported[key] || c.named[name] >= maxOfName {
		return
	}
	c.reported[key] = true
	c.named[name]++
	var text strings.Builder
	for _, t := range slices.Compact(id) {
		fmt.Fprintf(&text, "  %s\n", c.txns[t].text(t))
	}
	fmt.Fprintf(&text, "  "+format+"\n", args...)
	c.anomalies = append(c.anomalies, Anomaly{name, txns, text.String()})
}
