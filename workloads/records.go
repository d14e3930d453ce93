package workloads

// records is YCSB's own data set under transactions: workload F whose read-modify-write is
// atomic. Its operations are those of the plain workload of the same seed, draw by draw.
type records struct{ spec Spec }

func (f records) next(s *TxnStream, sequence uint64) Txn {
	read := s.random.Float64() < f.spec.ReadProportion
	key := s.key()
	if read {
		return Txn{ReadRecord, [5]int64{key}}
	}
	return Txn{ModifyRecord, [5]int64{key, s.version(sequence)}}
}

func (f records) places() uint64 { return f.spec.Records }

func (f records) row(i uint64, key, value []byte) (k, v []byte) {
	return AppendKey(key, i), AppendValue(value, i, 0, f.spec.ValueBytes)
}

// GroupKeys is how many neighbouring keys a WriteFour replaces.
const GroupKeys = 4

// four writes the keys of a group at once and reads nothing: the same bytes as four
// single SETs, so that the two may be compared. After any number of whole transactions the
// values of a group carry the same version.
type four struct{ records }

func (f four) next(s *TxnStream, sequence uint64) Txn {
	return Txn{WriteFour, [5]int64{s.key() / GroupKeys, s.version(sequence)}}
}

// version tells the values written to a key apart, as Stream's does; those of the warm-up
// begin in the middle.
func (s *TxnStream) version(sequence uint64) int64 {
	return int64(uint32(uint64(s.phase)<<31 + 1 + s.worker + sequence*s.workers))
}
