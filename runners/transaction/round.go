package transaction

import "bpfdb/workloads"

// newRound begins a round of requests.
func (s *Session) newRound() { s.expected, s.answered, s.worst = s.expected[:0], 0, proceed }

// word sends a command without arguments.
func (s *Session) word(dst []byte, want expectation, words ...string) []byte {
	s.request.begin()
	for _, word := range words {
		s.request.text(word)
	}
	s.expected = append(s.expected, want)
	return s.request.appendTo(dst)
}

// call sends the transaction as one command.
func (s *Session) call(dst []byte) []byte {
	switch {
	case s.mode == Procedure && s.txn.Kind != workloads.ReadRecord:
		s.request.begin()
		s.request.text("CALL")
		s.request.text(s.txn.Kind.String())
		if s.txn.Kind == workloads.Transfer || s.txn.Kind == workloads.ModifyRecord {
			s.request.keys(s.txn)
		}
		s.request.arguments(s.spec, s.txn)
	case s.txn.Kind == workloads.WriteFour:
		s.request.begin()
		s.request.text(commandOf(s.txn.Kind))
		s.request.records(s.spec, s.txn)
	case commandOf(s.txn.Kind) != "":
		s.request.begin()
		s.request.text(commandOf(s.txn.Kind))
		s.request.keys(s.txn)
	default:
		dst = s.script(dst)
	}
	s.expected = append(s.expected, lastReply)
	return s.request.appendTo(dst)
}

var digits = []byte("0123456789")

// script makes the request that runs the transaction's script, and sends the script before
// it where the server said that it does not know it.
func (s *Session) script(dst []byte) []byte {
	script := &scriptOf[s.txn.Kind]
	if s.loads > 0 {
		dst = s.word(dst, fineReply, "SCRIPT", "LOAD", string(script.text))
	}
	s.request.begin()
	s.request.text("EVALSHA")
	s.request.text(script.sha1)
	s.request.text("0")
	count := len(s.request.words) - 1
	keys := s.request.keys(s.txn)
	s.request.words[count] = digits[keys : keys+1] // no script takes ten
	s.request.arguments(s.spec, s.txn)
	return dst
}

// advance runs the logic and sends what it asks for: values, or its writes.
func (s *Session) advance(dst []byte) []byte {
	s.outcome = s.access.run(s.spec, s.txn)
	switch s.outcome {
	case reading:
		dst = s.reads(dst)
		s.stages++
		return dst
	case broken:
		s.worst = s.fail(s.access.problem)
		return dst
	}
	switch s.mode {
	case Interactive:
		if s.stages == 0 {
			dst = s.begin(dst)
		}
		return s.word(s.writesAtOnce(dst), fineReply, "COMMIT")
	case Multi:
		return s.exec(dst)
	}
	return s.writes(dst)
}

// reads asks for the values wanted, protected as the mode has it.
func (s *Session) reads(dst []byte) []byte {
	switch {
	case s.mode == Interactive && s.stages == 0:
		dst = s.begin(dst)
	case s.mode == Multi && s.stages == 0 && s.watching:
		dst = s.word(dst, anyReply, "UNWATCH")
		s.watching = false
	}
	wanted := s.access.wanted
	if s.mode == Multi && !s.txn.Kind.ReadOnly() {
		s.request.begin()
		s.request.text("WATCH")
		s.request.words = append(s.request.words, wanted...)
		s.expected = append(s.expected, fineReply)
		dst = s.request.appendTo(dst)
		s.watching = true
	}
	s.request.begin()
	s.request.text("MGET")
	s.request.words = append(s.request.words, wanted...)
	s.expected = append(s.expected, valuesBack)
	s.asked = len(wanted)
	return s.request.appendTo(dst)
}

// begin opens an interactive transaction, after closing one that an error left open.
func (s *Session) begin(dst []byte) []byte {
	if s.open {
		dst = s.word(dst, anyReply, "ABORT")
	}
	s.open = true
	if s.txn.Kind.ReadOnly() {
		return s.word(dst, fineReply, "BEGIN", "READONLY")
	}
	return s.word(dst, fineReply, "BEGIN")
}

// exec ends a transaction of mode multi. What was read at once by one MGET is consistent; if
// it leads to no write, nothing remains to be validated.
func (s *Session) exec(dst []byte) []byte {
	if len(s.access.writes) == 0 && s.stages <= 1 {
		return dst
	}
	dst = s.writes(s.word(dst, fineReply, "MULTI"))
	return s.word(dst, execReply, "EXEC")
}

// writesAtOnce sends several values by one MSET: an error then means that none was written, so
// that the COMMIT which travels behind it cannot commit some of them.
func (s *Session) writesAtOnce(dst []byte) []byte {
	if len(s.access.writes) < 2 {
		return s.writes(dst)
	}
	s.request.begin()
	s.request.text("MSET")
	for _, w := range s.access.writes {
		s.request.words = append(s.request.words, w.key, w.value)
	}
	s.expected = append(s.expected, fineReply)
	return s.request.appendTo(dst)
}

func (s *Session) writes(dst []byte) []byte {
	for _, w := range s.access.writes {
		s.request.begin()
		if w.remove {
			s.request.text("DEL")
		} else {
			s.request.text("SET")
		}
		s.request.words = append(s.request.words, w.key)
		if !w.remove {
			s.request.words = append(s.request.words, w.value)
		}
		s.expected = append(s.expected, fineReply)
		dst = s.request.appendTo(dst)
	}
	return dst
}
