package transaction

import (
	"bytes"
	"fmt"
)

// Element is one line of a reply: a scalar, or the header of an aggregate and the number of
// elements that follow it.
type Element struct {
	Kind  byte   // the RESP type; nulls of either protocol version have '_'
	Data  []byte // of a scalar
	Count int    // of an aggregate
}

// expectation is what the reply to a command means to the session.
type expectation uint8

const (
	anyReply    expectation = iota // it resets what an earlier transaction left, if anything
	fineReply                      // anything but an error: +OK, +QUEUED, a count
	valuesBack                     // an array of the values wanted
	execReply                      // an array, or null: somebody wrote to a watched key
	lastReply                      // that of a procedure or script
	namesBack                      // the keys of a scan
	recordsBack                    // their values
)

// verdict is what a reply does to the attempt.
type verdict uint8

const (
	proceed verdict = iota
	conflict
	abort
	unknownScript
	failure
)

// take judges the reply to the oldest command without one. reply holds all its elements.
func (s *Session) take(want expectation, reply []Element) verdict {
	first := reply[0]
	if want == anyReply {
		return proceed
	}
	if first.Kind == '-' || first.Kind == '!' {
		switch word, _, _ := bytes.Cut(first.Data, []byte(" ")); string(word) {
		case "CONFLICT", "BUSY": // BUSY: too many others at once; likewise nothing has happened
			return conflict
		case "ABORT":
			if want == lastReply {
				return abort
			}
		case "NOSCRIPT":
			return unknownScript
		}
		return s.fail(string(first.Data))
	}
	switch want {
	case valuesBack:
		return s.takeValues(reply)
	case execReply:
		if first.Kind == '_' {
			return conflict
		}
		if first.Kind != '*' {
			return s.unexpected(first)
		}
		for _, element := range reply[1:] {
			if element.Kind == '-' || element.Kind == '!' {
				return s.fail(string(element.Data))
			}
		}
	case lastReply:
		return s.takeLast(reply)
	case namesBack:
		return s.takeNames(reply)
	case recordsBack:
		return s.takeRecords(reply)
	}
	return proceed
}

func (s *Session) takeValues(reply []Element) verdict {
	if reply[0].Kind != '*' || reply[0].Count != s.asked || len(reply) != 1+s.asked {
		return s.unexpected(reply[0])
	}
	for _, element := range reply[1:] {
		if element.Kind != '$' && element.Kind != '_' {
			return s.unexpected(element)
		}
		s.access.learn(element.Data, element.Kind == '$')
	}
	return proceed
}

func (s *Session) unexpected(e Element) verdict {
	return s.fail(fmt.Sprintf("unexpected reply %c%.40q to %v", e.Kind, e.Data, s.txn.Kind))
}

func (s *Session) fail(problem string) verdict {
	s.problem = problem
	return failure
}
