package transaction

import (
	"strconv"

	"bpfdb/workloads"
)

// takeLast judges the reply of a stored procedure or script that is no error.
func (s *Session) takeLast(reply []Element) verdict {
	first := reply[0]
	switch s.txn.Kind {
	case workloads.GetSubscriberData, workloads.GetAccessData:
		if first.Kind == '_' {
			return abort
		}
		return s.want(first, '$')
	case workloads.GetNewDestination:
		if first.Kind == '*' && first.Count == 0 {
			return abort
		}
		return s.want(first, '*')
	case workloads.ReadRecord, workloads.ModifyRecord:
		if first.Kind != '$' {
			return s.unexpected(first)
		}
		if s.spec.ValueBytes == 0 {
			return proceed
		}
		if err := workloads.VerifyValue(first.Data, uint64(s.txn.Args[0])); err != nil {
			return s.fail(err.Error())
		}
		return proceed
	case workloads.WriteFour:
		return s.want(first, '+')
	}
	n, err := strconv.ParseInt(string(first.Data), 10, 64)
	if first.Kind != ':' || err != nil {
		return s.unexpected(first)
	}
	switch s.txn.Kind {
	case workloads.WriteCheck:
		s.access.penalty = n
	case workloads.UpdateLocation, workloads.UpdateSubscriberData, workloads.InsertCallForwarding,
		workloads.DeleteCallForwarding, workloads.Transfer:
		if n == 0 {
			return abort
		}
	}
	return proceed
}

func (s *Session) want(e Element, kind byte) verdict {
	if e.Kind != kind {
		return s.unexpected(e)
	}
	return proceed
}
