package driver

import "bpfdb/workloads"

// command is one request on behalf of an operation.
type command struct {
	op   workloads.Op
	slot slot
}

// slot is a histogram of a recorder. The parts of a read-modify-write have slots of their
// own, so that Result.All can count each operation once without recording it twice.
type slot uint8

const (
	slotPing slot = iota
	slotRead
	slotUpdate
	slotInsert
	slotRMWRead
	slotRMWUpdate
	slotRMW
	slotSet // and the others of traces
	slotAdd
	slotReplace
	slotCAS
	slotAppend
	slotDelete
	slotIncrement
	slotDecrement
	slotTxn   // of the first type of transaction, and so on
	slotCount = slotTxn + txnKindCount
)

const txnKindCount = slot(workloads.TxnKindCount)

// firstSlot is the slot of the first (for most, the only) command of an operation.
var firstSlot = [workloads.KindCount]slot{
	workloads.Ping:            slotPing,
	workloads.Read:            slotRead,
	workloads.Update:          slotUpdate,
	workloads.Insert:          slotInsert,
	workloads.ReadModifyWrite: slotRMWRead,
	workloads.Set:             slotSet,
	workloads.Add:             slotAdd,
	workloads.Replace:         slotReplace,
	workloads.CompareAndSet:   slotCAS,
	workloads.Append:          slotAppend,
	workloads.Delete:          slotDelete,
	workloads.Increment:       slotIncrement,
	workloads.Decrement:       slotDecrement,
}

// seriesOf says which slots make up a series of the Result.
var seriesOf = [workloads.KindCount][]slot{
	workloads.Ping:            {slotPing},
	workloads.Read:            {slotRead, slotRMWRead},
	workloads.Update:          {slotUpdate, slotRMWUpdate},
	workloads.Insert:          {slotInsert},
	workloads.ReadModifyWrite: {slotRMW},
	workloads.Set:             {slotSet},
	workloads.Add:             {slotAdd},
	workloads.Replace:         {slotReplace},
	workloads.CompareAndSet:   {slotCAS},
	workloads.Append:          {slotAppend},
	workloads.Delete:          {slotDelete},
	workloads.Increment:       {slotIncrement},
	workloads.Decrement:       {slotDecrement},
}

// wholeOperations are the slots that count each operation once.
var wholeOperations = func() []slot {
	all := []slot{slotPing, slotRead, slotUpdate, slotInsert, slotRMW}
	for s := slotSet; s < slotTxn; s++ {
		all = append(all, s)
	}
	for kind := range txnKindCount {
		all = append(all, slotTxn+kind)
	}
	return all
}()
