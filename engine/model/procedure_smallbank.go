package model

import "math/big"

const (
	savingsPrefix  = "b:s:"
	checkingPrefix = "b:c:"
	penaltyCents   = 100
)

var (
	errNoAccount    = aborted("no such account")
	errOutOfRange   = aborted("balance out of range")
	errNegative     = aborted("negative amount")
	errSameAccount  = aborted("accounts must differ")
	errInsufficient = aborted("insufficient funds")
)

// accounts checks that the first n arguments can name accounts.
func (c *procedureCall) accounts(n int) error {
	for i := range n {
		if err := c.digits(i, 1, 20, "account"); err != nil {
			return err
		}
	}
	return nil
}

// accountsAndAmount checks n accounts and reads the amount behind them.
func (c *procedureCall) accountsAndAmount(n int) (int64, error) {
	if err := c.accounts(n); err != nil {
		return 0, err
	}
	return c.integer(n, "amount")
}

// balances reads keys that must all be there.
func (c *procedureCall) balances(keys ...string) ([]int64, error) {
	all := make([]int64, len(keys))
	for i, key := range keys {
		n, found, err := c.number(key)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, errNoAccount
		}
		all[i] = n
	}
	return all, nil
}

// addUp adds exactly.
func addUp(numbers ...int64) (int64, error) {
	sum := new(big.Int)
	for _, n := range numbers {
		if sum.Add(sum, big.NewInt(n)); !sum.IsInt64() {
			return 0, errOutOfRange
		}
	}
	return sum.Int64(), nil
}

func bankBalance(c *procedureCall) error {
	if err := c.accounts(1); err != nil {
		return err
	}
	b, err := c.balances(savingsPrefix+c.args[0], checkingPrefix+c.args[0])
	if err != nil {
		return err
	}
	total, err := addUp(b...)
	if err != nil {
		return err
	}
	return c.finish(total)
}

func depositChecking(c *procedureCall) error {
	amount, err := c.accountsAndAmount(1)
	switch {
	case err != nil:
		return err
	case amount < 0:
		return errNegative
	}
	key := checkingPrefix + c.args[0]
	b, err := c.balances(key)
	if err != nil {
		return err
	}
	sum, err := addUp(b[0], amount)
	if err != nil {
		return err
	}
	return c.finish(0, numberAt(key, sum))
}

func transactSavings(c *procedureCall) error {
	amount, err := c.accountsAndAmount(1)
	if err != nil {
		return err
	}
	key := savingsPrefix + c.args[0]
	b, err := c.balances(key)
	if err != nil {
		return err
	}
	sum, err := addUp(b[0], amount)
	switch {
	case err != nil:
		return err
	case sum < 0:
		return errInsufficient
	}
	return c.finish(0, numberAt(key, sum))
}

func writeCheck(c *procedureCall) error {
	amount, err := c.accountsAndAmount(1)
	switch {
	case err != nil:
		return err
	case amount < 0:
		return errNegative
	}
	key := checkingPrefix + c.args[0]
	b, err := c.balances(savingsPrefix+c.args[0], key)
	if err != nil {
		return err
	}
	total, err := addUp(b...)
	if err != nil {
		return err
	}
	penalty := int64(0)
	if total < amount {
		penalty = penaltyCents
	}
	rest, err := addUp(b[1], -amount, -penalty)
	if err != nil {
		return err
	}
	return c.finish(penalty, numberAt(key, rest))
}

func amalgamate(c *procedureCall) error {
	if err := c.accounts(2); err != nil {
		return err
	}
	from, to := c.args[0], c.args[1]
	if from == to {
		return errSameAccount
	}
	b, err := c.balances(savingsPrefix+from, checkingPrefix+from, checkingPrefix+to)
	if err != nil {
		return err
	}
	sum, err := addUp(b...)
	if err != nil {
		return err
	}
	return c.finish(0, numberAt(savingsPrefix+from, 0), numberAt(checkingPrefix+from, 0),
		numberAt(checkingPrefix+to, sum))
}

func sendPayment(c *procedureCall) error {
	amount, err := c.accountsAndAmount(2)
	if err != nil {
		return err
	}
	from, to := checkingPrefix+c.args[0], checkingPrefix+c.args[1]
	switch {
	case from == to:
		return errSameAccount
	case amount < 0:
		return errNegative
	}
	b, err := c.balances(from, to)
	switch {
	case err != nil:
		return err
	case b[0] < amount:
		return errInsufficient
	}
	sum, err := addUp(b[1], amount)
	if err != nil {
		return err
	}
	return c.finish(0, numberAt(from, b[0]-amount), numberAt(to, sum))
}
