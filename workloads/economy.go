package workloads

import "strconv"

// closedEconomy is the Closed Economy Workload of YCSB+T (Dey et al., "YCSB+T: Benchmarking
// web-scale transactional databases", ICDE Workshops 2014): every record holds an equal part
// of the cash, and transfers move one unit between two records, from the higher key number
// to the lower so that opposite transfers do not undo each other's anomalies. What a broken
// transfer makes or loses shows in the sum.
type closedEconomy struct {
	records  uint64
	each     int64
	readOnly float64
}

func newClosedEconomy(spec Spec) *closedEconomy {
	return &closedEconomy{spec.Records, spec.TotalCash / int64(spec.Records), spec.ReadProportion}
}

func (e *closedEconomy) next(s *TxnStream, _ uint64) Txn {
	if s.random.Float64() < e.readOnly {
		return Txn{ReadRecord, [5]int64{s.key()}}
	}
	a, b := s.twoKeys()
	return Txn{Transfer, [5]int64{max(a, b), min(a, b)}}
}

func (e *closedEconomy) places() uint64 { return e.records }

func (e *closedEconomy) row(i uint64, key, value []byte) (k, v []byte) {
	return AppendKey(key, i), strconv.AppendInt(value, e.each, 10)
}
