package transaction

import (
	"strings"
	"testing"

	"bpfdb/workloads"
)

// played answers the requests of a session with the same reply for each kind of request.
func played(t testing.TB, s *Session, out []byte, txn workloads.Txn, replies map[expectation][]Element) []byte {
	out = s.Begin(out[:0], txn)
	for range 10 {
		for s.Due() > 0 {
			s.Take(replies[s.expected[s.answered]])
		}
		var result Result
		if out, result = s.Next(out[:0]); result.Outcome != Unfinished {
			if result.Outcome != Committed {
				t.Fatalf("%v: %+v", txn, result)
			}
			return out
		}
	}
	t.Fatalf("%v does not end", txn)
	return nil
}

// TestSessionDoesNotAllocate: the client must not be what is measured.
func TestSessionDoesNotAllocate(t *testing.T) {
	spec, _ := workloads.ByName("smallbank")
	ok := []Element{{Kind: '+', Data: []byte("OK")}}
	number := Element{Kind: '$', Data: []byte("1000000")}
	replies := map[expectation][]Element{
		anyReply: ok, fineReply: ok, lastReply: {{Kind: ':', Data: []byte("0")}},
		valuesBack: {{Kind: '*', Count: 2}, number, number},
		execReply:  {{Kind: '*', Count: 2}, ok[0], ok[0]},
	}
	for _, mode := range []string{Procedure, Lua, Interactive, Multi, Unsafe} {
		s, err := NewSession(mode, spec, 10)
		if err != nil {
			t.Fatal(err)
		}
		out := make([]byte, 0, 4096)
		payment := workloads.Txn{Kind: workloads.SendPayment, Args: [5]int64{12345, 67890, 500}}
		out = played(t, s, out, payment, replies)
		allocations := testing.AllocsPerRun(1000, func() { out = played(t, s, out, payment, replies) })
		if allocations != 0 {
			t.Errorf("%s: %g allocations for a payment, want 0", mode, allocations)
		}
	}
}

// TestRequests has the requests of one transfer in every mode, as they stand on the wire.
func TestRequests(t *testing.T) {
	spec, _ := workloads.ByName("smallbank")
	payment := workloads.Txn{Kind: workloads.SendPayment, Args: [5]int64{1, 2, 500}}
	balances := []Element{
		{Kind: '*', Count: 2}, {Kind: '$', Data: []byte("700")}, {Kind: '$', Data: []byte("40")},
	}
	ok := []Element{{Kind: '+', Data: []byte("OK")}}
	for mode, want := range map[string][]string{
		Procedure:   {"CALL send_payment 1 2 500"},
		Lua:         {"EVALSHA " + scriptOf[workloads.SendPayment].sha1 + " 2 b:c:1 b:c:2 1 2 500"},
		Interactive: {"BEGIN | MGET b:c:1 b:c:2", "MSET b:c:1 200 b:c:2 540 | COMMIT"},
		Multi:       {"WATCH b:c:1 b:c:2 | MGET b:c:1 b:c:2", "MULTI | SET b:c:1 200 | SET b:c:2 540 | EXEC"},
		Unsafe:      {"MGET b:c:1 b:c:2", "SET b:c:1 200 | SET b:c:2 540"},
	} {
		s, err := NewSession(mode, spec, 1)
		if err != nil {
			t.Fatal(err)
		}
		rounds := []string{readable(s.Begin(nil, payment))}
		for s.Due() > 0 {
			switch s.expected[s.answered] {
			case valuesBack:
				s.Take(balances)
			case lastReply:
				s.Take([]Element{{Kind: ':', Data: []byte("0")}})
			case execReply:
				s.Take([]Element{{Kind: '*', Count: 2}, ok[0], ok[0]})
			default:
				s.Take(ok)
			}
			if s.Due() == 0 {
				out, _ := s.Next(nil)
				rounds = append(rounds, readable(out))
			}
		}
		if got := strings.Join(rounds, "\n"); strings.TrimSpace(got) != strings.Join(want, "\n") {
			t.Errorf("%s sends\n%s\nwant\n%s", mode, got, strings.Join(want, "\n"))
		}
	}
}

// readable writes requests as words, with a bar between them.
func readable(requests []byte) string {
	var text strings.Builder
	lines := strings.Split(string(requests), "\r\n")
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "*") && i > 0:
			text.WriteString(" |")
		case line != "" && line[0] != '$' && line[0] != '*':
			text.WriteString(" " + line)
		}
	}
	return strings.TrimSpace(text.String())
}

// TestConflictsAreRepeated: every error that says that nothing happened leads to another try, up
// to the limit, and leftovers are cleared first.
func TestConflictsAreRepeated(t *testing.T) {
	spec, _ := workloads.ByName("voter")
	vote := workloads.Txn{Kind: workloads.Vote, Args: [5]int64{1, 2125550100, 3, 2}}
	busy := []Element{{Kind: '-', Data: []byte("BUSY too much contention on a key, try again")}}
	s, err := NewSession(Procedure, spec, 2)
	if err != nil {
		t.Fatal(err)
	}
	s.Begin(nil, vote)
	s.Take([]Element{{Kind: '-', Data: []byte("CONFLICT transaction conflict, retry")}})
	if out, result := s.Next(nil); result.Outcome != Unfinished || readable(out) != "CALL vote 1 2125550100 3 2" {
		t.Errorf("after a conflict %q and %+v, want another try", out, result)
	}
	s.Take(busy)
	if _, result := s.Next(nil); result.Outcome != GaveUp || result.Conflicts != 2 {
		t.Errorf("after two conflicts %+v, want to give up", result)
	}
	if s, err = NewSession(Interactive, spec, 2); err != nil {
		t.Fatal(err)
	}
	s.Begin(nil, vote)
	s.Take([]Element{{Kind: '+', Data: []byte("OK")}})
	s.Take(busy)
	out, _ := s.Next(nil)
	if got := readable(out); !strings.HasPrefix(got, "ABORT | BEGIN | MGET ") {
		t.Errorf("after a conflict while reading %q, want the transaction aborted first", got)
	}
	s.Take([]Element{{Kind: '-', Data: []byte("ERR ABORT without BEGIN")}}) // is no error here
	if s.worst != proceed {
		t.Errorf("the reply to ABORT counts: %v", s.worst)
	}
}
