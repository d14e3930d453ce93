package workloads

// scans is YCSB E: ranges of records in the order of their names, beginning with one that was
// loaded, and inserts. Scans begin with loaded records only, so that what a scan may begin with
// does not depend on how far other workers are; YCSB draws from those inserted since, too.
type scans struct{ records }

func (f scans) next(s *TxnStream, sequence uint64) Txn {
	if s.random.Float64() < f.spec.ScanProportion {
		return Txn{ScanRecords, [5]int64{s.key(), s.between(1, int64(f.spec.MaxScanLength))}}
	}
	return Txn{InsertRecord, [5]int64{int64(f.spec.Records) + s.identifier(sequence)}}
}

// KeyOf is the key number that a value says it belongs to; 0 if it is too short to say.
func KeyOf(value []byte) uint64 {
	if len(value) < keyChars {
		return 0
	}
	return parseChars(value[:keyChars])
}
