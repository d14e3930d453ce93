package transaction

import (
	"strconv"

	"bpfdb/workloads"
)

// request collects the words of one command, and afterwards writes them in RESP.
type request struct {
	words [][]byte
	arena []byte
}

func (r *request) begin() { r.words, r.arena = r.words[:0], r.arena[:0] }

// word adds what was appended to the arena.
func (r *request) word(extended []byte) {
	r.words = append(r.words, extended[len(r.arena):len(extended):len(extended)])
	r.arena = extended
}

func (r *request) text(s string) { r.word(append(r.arena, s...)) }

func (r *request) number(n int64) { r.word(strconv.AppendInt(r.arena, n, 10)) }

func (r *request) digits(n int64, width int) { r.word(workloads.AppendDigits(r.arena, n, width)) }

// appendTo writes the command.
func (r *request) appendTo(dst []byte) []byte {
	dst = appendHeader(dst, '*', len(r.words))
	for _, word := range r.words {
		dst = appendBulk(dst, word)
	}
	return dst
}

func appendHeader(dst []byte, kind byte, n int) []byte {
	dst = strconv.AppendInt(append(dst, kind), int64(n), 10)
	return append(dst, '\r', '\n')
}

func appendBulk(dst, word []byte) []byte {
	dst = append(appendHeader(dst, '$', len(word)), word...)
	return append(dst, '\r', '\n')
}

// arguments adds those of the stored procedure, which the script of the same name takes too.
func (r *request) arguments(spec workloads.Spec, t workloads.Txn) {
	x := t.Args
	plain := func(n int) {
		for i := range n {
			r.number(x[i])
		}
	}
	switch t.Kind {
	case workloads.Vote:
		plain(4)
	case workloads.SendPayment:
		plain(3)
	case workloads.Amalgamate, workloads.DepositChecking, workloads.TransactSavings, workloads.WriteCheck:
		plain(2)
	case workloads.Balance, workloads.GetSubscriberData:
		plain(1)
	case workloads.GetAccessData:
		plain(2)
	case workloads.GetNewDestination:
		plain(4)
	case workloads.UpdateLocation:
		r.digits(x[0], 15)
		r.digits(x[1], 10)
	case workloads.UpdateSubscriberData:
		plain(3)
		r.digits(x[3], 3)
	case workloads.InsertCallForwarding:
		r.digits(x[0], 15)
		r.number(x[1])
		r.number(x[2])
		r.number(x[3])
		r.digits(x[4], 15)
	case workloads.DeleteCallForwarding:
		r.digits(x[0], 15)
		r.number(x[1])
		r.number(x[2])
	case workloads.ModifyRecord:
		r.value(spec, x[0], x[1])
	}
}

// records adds the keys of a group and their values, by turns.
func (r *request) records(spec workloads.Spec, t workloads.Txn) {
	for i := range int64(workloads.GroupKeys) {
		number := t.Args[0]*workloads.GroupKeys + i
		r.word(workloads.AppendKey(r.arena, uint64(number)))
		r.value(spec, number, t.Args[1])
	}
}

func (r *request) value(spec workloads.Spec, number, version int64) {
	r.word(workloads.AppendValue(r.arena, uint64(number), uint32(version), spec.ValueBytes))
}

// keys adds every key a script may touch, and returns how many. Keys whose names depend on
// data that never changes are computed from the client's own copy of it.
func (r *request) keys(t workloads.Txn) int {
	before, x := len(r.words), t.Args
	key := func(f func(dst []byte, n int64) []byte, n int64) { r.word(f(r.arena, n)) }
	record := func(n int64) { r.word(workloads.AppendKey(r.arena, uint64(n))) }
	switch t.Kind {
	case workloads.Vote:
		key(workloads.ContestantKey, x[2])
		key(workloads.AreaKey, x[1])
		key(workloads.PhoneKey, x[1])
		key(workloads.VoteKey, x[0])
		r.word(workloads.TotalKey(r.arena, x[2], workloads.StateOf(x[1])))
	case workloads.Balance, workloads.WriteCheck:
		key(workloads.SavingsKey, x[0])
		key(workloads.CheckingKey, x[0])
	case workloads.DepositChecking:
		key(workloads.CheckingKey, x[0])
	case workloads.TransactSavings:
		key(workloads.SavingsKey, x[0])
	case workloads.Amalgamate:
		key(workloads.SavingsKey, x[0])
		key(workloads.CheckingKey, x[0])
		key(workloads.CheckingKey, x[1])
	case workloads.SendPayment:
		key(workloads.CheckingKey, x[0])
		key(workloads.CheckingKey, x[1])
	case workloads.ReadRecord, workloads.ModifyRecord, workloads.InsertRecord, workloads.ScanRecords:
		record(x[0])
	case workloads.Transfer:
		record(x[0])
		record(x[1])
	case workloads.WriteFour:
		for i := range int64(workloads.GroupKeys) {
			record(x[0]*workloads.GroupKeys + i)
		}
	default:
		r.tatpKeys(t)
	}
	return len(r.words) - before
}

func (r *request) tatpKeys(t workloads.Txn) {
	x := t.Args
	switch t.Kind {
	case workloads.GetSubscriberData:
		r.word(workloads.SubscriberKey(r.arena, x[0]))
	case workloads.GetAccessData:
		r.word(workloads.AccessKey(r.arena, x[0], x[1]))
	case workloads.GetNewDestination:
		r.word(workloads.FacilityKey(r.arena, x[0], x[1]))
		for hour := int64(0); hour <= x[2]; hour += 8 {
			r.word(workloads.ForwardKey(r.arena, x[0], x[1], hour))
		}
	case workloads.UpdateLocation:
		r.word(workloads.NumberKey(r.arena, x[0]))
		r.word(workloads.SubscriberKey(r.arena, x[0]))
	case workloads.UpdateSubscriberData:
		r.word(workloads.SubscriberKey(r.arena, x[0]))
		r.word(workloads.FacilityKey(r.arena, x[0], x[2]))
	case workloads.InsertCallForwarding:
		r.word(workloads.NumberKey(r.arena, x[0]))
		r.word(workloads.FacilityKey(r.arena, x[0], x[1]))
		r.word(workloads.ForwardKey(r.arena, x[0], x[1], x[2]))
	case workloads.DeleteCallForwarding:
		r.word(workloads.NumberKey(r.arena, x[0]))
		r.word(workloads.ForwardKey(r.arena, x[0], x[1], x[2]))
	}
}
