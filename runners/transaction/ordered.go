package transaction

import (
	"bytes"

	"bpfdb/workloads"
)

// Index is the sorted set that mode sorted-set keeps the names of all records in: all have the
// score 0, so that they are ordered by name.
const Index = "index"

// ordered sends the first round of a scan or an insert.
func (s *Session) ordered(dst []byte) []byte {
	s.outcome = reading
	s.access.rerun()
	name := s.access.keep(workloads.AppendKey(s.access.arena, uint64(s.txn.Args[0])))
	s.request.begin()
	if s.txn.Kind == workloads.ScanRecords {
		s.request.text("ZRANGEBYLEX")
		s.request.text(Index)
		s.request.word(append(append(s.request.arena, '['), name...))
		s.request.text("+")
		s.request.text("LIMIT")
		s.request.text("0")
		s.request.number(s.txn.Args[1])
		s.expected = append(s.expected, namesBack)
		return s.request.appendTo(dst)
	}
	s.outcome = committed
	s.request.text("SET")
	s.request.words = append(s.request.words, name)
	s.request.value(s.spec, s.txn.Args[0], 0)
	dst = s.request.appendTo(dst)
	s.expected = append(s.expected, fineReply, fineReply)
	return s.appendIndex(dst, name)
}

// appendIndex adds a name to the index.
func (s *Session) appendIndex(dst, name []byte) []byte {
	s.request.begin()
	s.request.text("ZADD")
	s.request.text(Index)
	s.request.text("0")
	s.request.words = append(s.request.words, name)
	return s.request.appendTo(dst)
}

// takeNames notes the records of a scan. The one it begins with is there.
func (s *Session) takeNames(reply []Element) verdict {
	if reply[0].Kind != '*' || reply[0].Count < 1 || int64(reply[0].Count) > s.txn.Args[1] {
		return s.unexpected(reply[0])
	}
	for _, element := range reply[1:] {
		s.access.wanted = append(s.access.wanted, s.access.keep(append(s.access.arena, element.Data...)))
	}
	first := s.access.keep(workloads.AppendKey(s.access.arena, uint64(s.txn.Args[0])))
	if !bytes.Equal(s.access.wanted[0], first) {
		return s.fail("the scan begins with " + string(s.access.wanted[0]) + ", not with " + string(first))
	}
	return proceed
}

// fetchNamed sends the second round of a scan.
func (s *Session) fetchNamed(dst []byte) []byte {
	s.newRound()
	s.outcome = committed
	s.request.begin()
	s.request.text("MGET")
	s.request.words = append(s.request.words, s.access.wanted...)
	s.expected = append(s.expected, recordsBack)
	return s.request.appendTo(dst)
}

// takeRecords checks that every value belongs to its name.
func (s *Session) takeRecords(reply []Element) verdict {
	if reply[0].Kind != '*' || len(reply)-1 != len(s.access.wanted) {
		return s.unexpected(reply[0])
	}
	for i, element := range reply[1:] {
		number := workloads.KeyOf(element.Data)
		if err := workloads.VerifyValue(element.Data, number); err != nil {
			return s.fail(err.Error())
		}
		name := workloads.AppendKey(s.access.arena, number)[len(s.access.arena):]
		if !bytes.Equal(name, s.access.wanted[i]) {
			return s.fail("the value of " + string(s.access.wanted[i]) + " belongs to " + string(name))
		}
	}
	return proceed
}
