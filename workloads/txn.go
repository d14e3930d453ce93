package workloads

// TxnKind is the type of a transaction, as benchmarks report it.
type TxnKind uint8

// The transactions of all families. TxnKindCount is not a kind but their number.
//
// Args of Txn are, in order:
const (
	Vote TxnKind = iota // vote id, phone, contestant, most votes a phone has

	Balance         // account
	DepositChecking // account, cents
	TransactSavings // account, cents, which may be negative
	WriteCheck      // account, cents
	Amalgamate      // account that is emptied, account that receives
	SendPayment     // account that pays, account that receives, cents

	GetSubscriberData    // subscriber
	GetAccessData        // subscriber, type of access information
	GetNewDestination    // subscriber, type of facility, start time, end time
	UpdateLocation       // subscriber, location
	UpdateSubscriberData // subscriber, bit 1, type of facility, data_a
	InsertCallForwarding // subscriber, type of facility, start time, end time, number
	DeleteCallForwarding // subscriber, type of facility, start time

	ReadRecord   // key number
	ModifyRecord // key number, version: read it, then replace it
	Transfer     // key number that pays 1, key number that receives it
	WriteFour    // group of four keys, version: replace all four
	InsertRecord // key number
	ScanRecords  // key number to begin with, how many

	TxnKindCount
)

var txnNames = [TxnKindCount]string{
	"vote",
	"balance", "deposit_checking", "transact_savings", "write_check", "amalgamate", "send_payment",
	"get_subscriber_data", "get_access_data", "get_new_destination", "update_location",
	"update_subscriber_data", "insert_call_forwarding", "delete_call_forwarding",
	"read", "read_modify_write", "transfer", "write_four", "insert", "scan",
}

// String is the name of the transaction: that of its stored procedure where there is one.
func (k TxnKind) String() string {
	if k >= TxnKindCount {
		return "unknown"
	}
	return txnNames[k]
}

// ReadOnly reports whether transactions of the kind never write.
func (k TxnKind) ReadOnly() bool {
	switch k {
	case Balance, GetSubscriberData, GetAccessData, GetNewDestination, ReadRecord, ScanRecords:
		return true
	}
	return false
}

// Txn is one transaction with its arguments, see the kinds; those it lacks are 0.
type Txn struct {
	Kind TxnKind
	Args [5]int64
}

// Families of transactional workloads: each has a data set, transactions and invariants.
const (
	FamilyVoter         = "voter"
	FamilySmallBank     = "smallbank"
	FamilyTATP          = "tatp"
	FamilyClosedEconomy = "closed-economy" // of YCSB+T
	FamilyRecords       = "records"        // the records of YCSB, read and modified
	FamilyFour          = "four"           // groups of four records written at once
	FamilyScans         = "scans"          // YCSB E: several commands each where keys have no order
)

// family draws the transactions of one worker.
type family interface {
	// next draws a transaction; sequence counts the worker's transactions from 0.
	next(s *TxnStream, sequence uint64) Txn
	// row appends the key and the value at the i-th of the data set's places, in [0, places);
	// a place may be empty, then it returns nil.
	places() uint64
	row(i uint64, key, value []byte) (k, v []byte)
}
