package transaction

import "bpfdb/workloads"

// run is the logic of a transaction over what is known so far.
func (a *access) run(spec workloads.Spec, t workloads.Txn) outcome {
	a.rerun()
	got := a.dispatch(spec, t)
	if got != reading && a.problem != "" {
		return broken
	}
	return got
}

func (a *access) dispatch(spec workloads.Spec, t workloads.Txn) outcome {
	x := t.Args
	switch t.Kind {
	case workloads.Vote:
		return vote(a, x[0], x[1], x[2], x[3])
	case workloads.Balance:
		return total(a, x[0])
	case workloads.DepositChecking:
		return deposit(a, x[0], x[1])
	case workloads.TransactSavings:
		return transactSavings(a, x[0], x[1])
	case workloads.WriteCheck:
		return writeCheck(a, x[0], x[1])
	case workloads.Amalgamate:
		return amalgamate(a, x[0], x[1])
	case workloads.SendPayment:
		return sendPayment(a, x[0], x[1], x[2])
	case workloads.GetSubscriberData:
		return lookUp(a, a.keep(workloads.SubscriberKey(a.arena, x[0])))
	case workloads.GetAccessData:
		return lookUp(a, a.keep(workloads.AccessKey(a.arena, x[0], x[1])))
	case workloads.GetNewDestination:
		return getNewDestination(a, x[0], x[1], x[2], x[3])
	case workloads.UpdateLocation:
		return updateLocation(a, x[0], x[1])
	case workloads.UpdateSubscriberData:
		return updateSubscriberData(a, x[0], x[1], x[2], x[3])
	case workloads.InsertCallForwarding:
		return insertCallForwarding(a, x[0], x[1], x[2], x[3], x[4])
	case workloads.DeleteCallForwarding:
		return deleteCallForwarding(a, x[0], x[1], x[2])
	case workloads.ReadRecord:
		return readRecord(a, spec, x[0])
	case workloads.ModifyRecord:
		return modifyRecord(a, spec, x[0], x[1])
	case workloads.Transfer:
		return transfer(a, x[0], x[1])
	case workloads.WriteFour:
		return writeFour(a, spec, x[0], x[1])
	}
	a.problem = "unknown transaction " + t.Kind.String()
	return broken
}
