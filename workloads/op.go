package workloads

// Kind is what an operation does.
type Kind uint8

// The kinds of operation. KindCount is not a kind but their number.
const (
	Ping            Kind = iota // a round trip without data
	Read                        // fetch the value of a key
	Update                      // replace the value of a key that was loaded
	Insert                      // store the first value of a key
	ReadModifyWrite             // read a key, then replace its value; not atomic

	// What only traces of caches have, package trace.
	Set           // store a value, whether or not there is one
	Add           // store a value where there is none
	Replace       // store a value where there is one
	CompareAndSet // store a value unless another client has stored one since it was read
	Append        // add bytes to the end of a value
	Delete        // remove a key
	Increment     // add one to a number
	Decrement     // take one from a number
	KindCount
)

var kindNames = [KindCount]string{
	"PING", "READ", "UPDATE", "INSERT", "READ-MODIFY-WRITE",
	"SET", "ADD", "REPLACE", "CAS", "APPEND", "DELETE", "INCR", "DECR",
}

// String returns the name YCSB gives the kind in its reports, or else its name in a trace.
func (k Kind) String() string {
	if k >= KindCount {
		return "UNKNOWN"
	}
	return kindNames[k]
}

// Op is one operation. Version tells the values written to one key apart; it is 0 for
// inserts and for operations that write nothing.
type Op struct {
	Kind    Kind
	Key     uint64 // key number, below Records unless inserted later; Layout gives the name
	Version uint32
}
