package trace

import "bpfdb/workloads"

// Operation is what a client asked of the cache, in memcached's words.
type Operation uint8

// The operations of a trace. OperationCount is not one but their number.
const (
	Get Operation = iota
	Gets
	Set
	Add
	Replace
	CAS
	Append
	Prepend
	Delete
	Incr
	Decr
	OperationCount
)

// Meaning is how an operation of a trace is replayed.
type Meaning struct {
	Name    string         // in traces
	Command string         // of Redis; empty: there is none, and the request is skipped
	Kind    workloads.Kind // for latencies and counts
	Differs string         // from memcached; empty where it does not
}

// Operations says what stands for what, by operation.
var Operations = [OperationCount]Meaning{
	Get:     {Name: "get", Command: "GET", Kind: workloads.Read},
	Gets:    {Name: "gets", Command: "GET", Kind: workloads.Read, Differs: "no token for a cas is returned"},
	Set:     {Name: "set", Command: "SET", Kind: workloads.Set},
	Add:     {Name: "add", Command: "SET NX", Kind: workloads.Add},
	Replace: {Name: "replace", Command: "SET XX", Kind: workloads.Replace},
	CAS: {Name: "cas", Command: "SET XX", Kind: workloads.CompareAndSet,
		Differs: "stores whenever there is a value: the trace does not say whether the token was current"},
	Append:  {Name: "append", Command: "APPEND", Kind: workloads.Append, Differs: "makes a key that is missing"},
	Prepend: {Name: "prepend", Differs: "there is no such command"},
	Delete:  {Name: "delete", Command: "DEL", Kind: workloads.Delete},
	Incr: {Name: "incr", Command: "INCR", Kind: workloads.Increment,
		Differs: "by one, as the trace does not say by how much; makes a key that is missing"},
	Decr: {Name: "decr", Command: "DECR", Kind: workloads.Decrement,
		Differs: "by one, as the trace does not say by how much; goes below zero; makes a key that is missing"},
}

// String returns the name in traces.
func (o Operation) String() string {
	if o >= OperationCount {
		return "unknown"
	}
	return Operations[o].Name
}

// parseOperation finds an operation by its name.
func parseOperation(name []byte) (Operation, bool) {
	for o := range Operations {
		if string(name) == Operations[o].Name {
			return Operation(o), true
		}
	}
	return 0, false
}
