package transaction

import "bpfdb/workloads"

// account reads a balance by its key.
func (a *access) account(key []byte) balance {
	cents, found := a.number(key)
	return balance{key, cents, found}
}

func (a *access) savings(account int64) balance {
	return a.account(a.keep(workloads.SavingsKey(a.arena, account)))
}

func (a *access) checking(account int64) balance {
	return a.account(a.keep(workloads.CheckingKey(a.arena, account)))
}

type balance struct {
	key   []byte
	cents int64
	found bool
}

// add writes a balance that differs by an amount.
func (a *access) add(b balance, cents int64) { a.setNumber(b.key, b.cents+cents) }

func total(a *access, account int64) outcome {
	savings, checking := a.savings(account), a.checking(account)
	switch {
	case !a.ready():
		return reading
	case !savings.found || !checking.found:
		return aborted
	}
	return committed
}

func deposit(a *access, account, cents int64) outcome {
	checking := a.checking(account)
	switch {
	case !a.ready():
		return reading
	case !checking.found:
		return aborted
	}
	a.add(checking, cents)
	return committed
}

// transactSavings pays into savings, or out of them as long as they last.
func transactSavings(a *access, account, cents int64) outcome {
	savings := a.savings(account)
	switch {
	case !a.ready():
		return reading
	case !savings.found || savings.cents+cents < 0:
		return aborted
	}
	a.add(savings, cents)
	return committed
}

// writeCheck takes a check off the checking account, covered or not; the latter costs.
func writeCheck(a *access, account, cents int64) outcome {
	savings, checking := a.savings(account), a.checking(account)
	switch {
	case !a.ready():
		return reading
	case !savings.found || !checking.found:
		return aborted
	}
	if savings.cents+checking.cents < cents {
		a.penalty = workloads.PenaltyCents
	}
	a.add(checking, -cents-a.penalty)
	return committed
}

// amalgamate moves all an account has to the checking account of another.
func amalgamate(a *access, from, to int64) outcome {
	savings, checking, target := a.savings(from), a.checking(from), a.checking(to)
	switch {
	case !a.ready():
		return reading
	case !savings.found || !checking.found || !target.found:
		return aborted
	}
	a.setNumber(savings.key, 0)
	a.setNumber(checking.key, 0)
	a.add(target, savings.cents+checking.cents)
	return committed
}

func sendPayment(a *access, from, to, cents int64) outcome {
	source, target := a.checking(from), a.checking(to)
	switch {
	case !a.ready():
		return reading
	case !source.found || !target.found || source.cents < cents:
		return aborted
	}
	a.add(source, -cents)
	a.add(target, cents)
	return committed
}
