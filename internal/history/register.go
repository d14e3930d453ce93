// Single-key histories are checked for linearizability (Herlihy and Wing, 1990): is there one order, consistent
// with real time, in which a plain map would have given every answer? Keys are independent, so each is checked
// alone.

package history

import (
	"time"

	"github.com/anishathalye/porcupine"
)

// Code is what an operation does.
type Code int

// The operators on one key.
const (
	Read Code = iota
	Write
	Delete
)

// Operation is one call that took effect, with the interval in which it did.
type Operation struct {
	Client           int // calls of one client do not overlap
	Code             Code
	Key              uint64
	Value            uint64 // written or read; unique per write
	Found            bool   // Read, Delete: the key was there
	CallNS, ReturnNS int64  // one clock for all clients
}

// register is the state of one key.
type register struct {
	there bool
	value uint64
}

// step is the sequential specification of one key.
func step(state register, op Operation) (bool, register) {
	switch op.Code {
	case Write:
		return true, register{true, op.Value}
	case Delete:
		return op.Found == state.there, register{}
	default:
		return op.Found == state.there && (!op.Found || op.Value == state.value), state
	}
}

var model = porcupine.Model{
	Init: func() any { return register{} },
	Step: func(state, input, _ any) (bool, any) {
		ok, next := step(state.(register), input.(Operation))
		return ok, next
	},
}

// Violations returns the keys whose histories are not linearizable, all keys absent at
// first, and those that could not be decided in time.
func Violations(ops []Operation, timeout time.Duration) (bad, undecided []uint64) {
	byKey := map[uint64][]porcupine.Operation{}
	for _, op := range ops {
		byKey[op.Key] = append(byKey[op.Key], porcupine.Operation{
			ClientId: op.Client, Input: op, Call: op.CallNS, Return: op.ReturnNS,
		})
	}
	for key, history := range byKey {
		switch porcupine.CheckOperationsTimeout(model, history, timeout) {
		case porcupine.Illegal:
			bad = append(bad, key)
		case porcupine.Unknown:
			undecided = append(undecided, key)
		}
	}
	return bad, undecided
}
