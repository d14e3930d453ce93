package workloads

import (
	"math/rand/v2"
	"strconv"
)

// SmallBank (Alomari et al., "The Cost of Serializability on Platforms That Use Snapshot
// Isolation", ICDE'08) with the SendPayment that H-Store added, and H-Store's mix. All
// amounts are cents. Amalgamate and WriteCheck follow the paper, not BenchBase, whose
// versions lose money. TransactSavings pays in and out equally often, so that balances
// stay where they are; BenchBase only ever takes out.
const (
	depositCents    = 130
	savingsCents    = 2020
	checkCents      = 500
	paymentCents    = 500
	PenaltyCents    = 100 // for a check that is not covered
	balanceSigmas   = 6   // standard deviations between the least and the highest balance
	smallBankStream = 0x62616e6b
)

var smallBankMix = []mixEntry{
	{Amalgamate, 15}, {Balance, 15}, {DepositChecking, 15}, {SendPayment, 25}, {TransactSavings, 15}, {WriteCheck, 15},
}

type smallBank struct {
	accounts uint64
	lo, hi   int64
}

func newSmallBank(spec Spec) *smallBank {
	return &smallBank{accounts: spec.Records, lo: spec.MinBalanceCents, hi: spec.MaxBalanceCents}
}

func (b *smallBank) next(s *TxnStream, _ uint64) Txn {
	kind := s.pick(smallBankMix)
	switch kind {
	case Amalgamate:
		from, to := s.twoKeys()
		return Txn{kind, [5]int64{from, to}}
	case SendPayment:
		from, to := s.twoKeys()
		return Txn{kind, [5]int64{from, to, paymentCents}}
	case DepositChecking:
		return Txn{kind, [5]int64{s.key(), depositCents}}
	case WriteCheck:
		return Txn{kind, [5]int64{s.key(), checkCents}}
	case TransactSavings:
		return Txn{kind, [5]int64{s.key(), savingsCents * (2*s.between(0, 1) - 1)}}
	}
	return Txn{kind, [5]int64{s.key()}}
}

func (b *smallBank) places() uint64 { return 2 * b.accounts }

func (b *smallBank) row(i uint64, key, value []byte) (k, v []byte) {
	account := int64(i / 2)
	if i%2 == 0 {
		key = SavingsKey(key, account)
	} else {
		key = CheckingKey(key, account)
	}
	return key, strconv.AppendInt(value, b.balance(i), 10)
}

// balance of a row when the bank opens: normally distributed, cut at both ends.
func (b *smallBank) balance(i uint64) int64 {
	var source rand.PCG
	source.Seed(mix(i), smallBankStream)
	middle, width := float64(b.lo+b.hi)/2, float64(b.hi-b.lo)
	cents := middle + rand.New(&source).NormFloat64()*width/balanceSigmas
	return max(b.lo, min(b.hi, int64(cents)))
}

// SavingsKey appends the key of an account's savings balance.
func SavingsKey(dst []byte, account int64) []byte {
	return strconv.AppendInt(append(dst, "b:s:"...), account, 10)
}

// CheckingKey appends the key of an account's checking balance.
func CheckingKey(dst []byte, account int64) []byte {
	return strconv.AppendInt(append(dst, "b:c:"...), account, 10)
}
