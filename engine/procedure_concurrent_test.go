package engine

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"bpfdb/internal/dialogue"
)

//go:generate go tool bpf2go -go-package engine -tags linux -target amd64 -output-suffix _test -no-global-types -type caller -type caller_args -type write_args procedures ../bpf/testdata/procedures.bpf.c

const (
	callAccounts  = 6 // few, so that calls meet
	callCents     = 10_000
	callVoteLimit = 100
	callPhones    = 50
	callsOfTimer  = 3000
)

// tally is what callers were told has happened.
type tally struct {
	cents             int64 // by which all balances together changed
	votes             int
	aborts, conflicts int
}

func (t *tally) add(other tally) {
	t.cents += other.cents
	t.votes += other.votes
	t.aborts += other.aborts
	t.conflicts += other.conflicts
}

// caller makes one call; the integer it answers, or an error.
type caller func(words ...string) (int64, error)

// goCaller calls from Go, every other time inside a transaction of its own.
func goCaller(db *DB, rng *rand.Rand) caller {
	return func(words ...string) (int64, error) {
		var args [][]byte
		for _, word := range words[1:] {
			args = append(args, []byte(word))
		}
		if rng.IntN(2) == 0 {
			reply, err := db.Call(words[0], args...)
			return reply.Integer, err
		}
		txn, err := db.Begin()
		if err != nil {
			return 0, err
		}
		defer txn.Abort()
		reply, err := txn.Call(words[0], args...)
		if err != nil && !errors.Is(err, ErrProcedureAbort) {
			return 0, err
		}
		return reply.Integer, errors.Join(err, txn.Commit())
	}
}

// respCaller sends CALL over a connection.
func respCaller(c *client) caller {
	return func(words ...string) (int64, error) {
		request := [][]byte{[]byte("CALL")}
		for _, word := range words {
			request = append(request, []byte(word))
		}
		c.load(dialogue.Encode(request...))
		c.out = nil
		for range tooManyCalls {
			if status := c.call(); status == engineServeStatusSERVE_BUSY {
				continue
			} else if status != engineServeStatusSERVE_DONE {
				return 0, fmt.Errorf("status %v", status)
			}
			text := string(bytes.TrimSuffix(c.out, []byte("\r\n")))
			if strings.HasPrefix(text, "-") {
				return 0, replyError(text[1:])
			}
			return strconv.ParseInt(text[1:], 10, 64)
		}
		return 0, ErrContention
	}
}

// callOne makes a random call and notes what it did.
func callOne(call caller, rng *rand.Rand, id int, t *tally) error {
	account := rng.IntN(callAccounts)
	from, cents := strconv.Itoa(account), int64(rng.IntN(1000))
	to := strconv.Itoa((account + 1 + rng.IntN(callAccounts-1)) % callAccounts)
	change, votes := int64(0), 0
	var err error
	switch rng.IntN(7) {
	case 0:
		_, err = call("deposit_checking", from, fmt.Sprint(cents))
		change = cents
	case 1:
		cents -= 500
		_, err = call("transact_savings", from, fmt.Sprint(cents))
		change = cents
	case 2:
		var penalty int64
		penalty, err = call("write_check", from, fmt.Sprint(cents))
		change = -cents - penalty
	case 3:
		_, err = call("amalgamate", from, to)
	case 4, 5:
		_, err = call("send_payment", from, to, fmt.Sprint(cents))
	case 6:
		phone := fmt.Sprint(2125550000 + rng.IntN(callPhones))
		_, err = call("vote", fmt.Sprint(id), phone, fmt.Sprint(1+rng.IntN(3)), fmt.Sprint(callVoteLimit))
		votes = 1
	}
	switch {
	case err == nil:
		t.add(tally{cents: change, votes: votes})
	case errors.Is(err, ErrConflict), errors.Is(err, ErrContention):
		t.conflicts++
	case errors.Is(err, ErrProcedureAbort):
		t.aborts++
	default:
		return err
	}
	return nil
}

// startCallers lets a timer on every CPU call procedures; tell stops them and adds up.
func startCallers(t *testing.T, db *DB) (tell func() (sum tally)) {
	t.Helper()
	spec, err := loadProcedures()
	if err != nil {
		t.Fatal(err)
	}
	collection, err := ebpf.NewCollectionWithOptions(spec, db.CollectionOptions(spec))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	t.Cleanup(collection.Close)
	cpus := min(runtime.NumCPU(), 16)
	for id := range cpus {
		onCPU(t, id, func() {
			args := proceduresCallerArgs{Caller: uint32(id), Calls: callsOfTimer, Accounts: callAccounts}
			if err := call(collection.Programs["start_caller"], &args); err != nil || args.Result != 0 {
				t.Errorf("start caller %d: %v, result %d", id, err, args.Result)
			}
		})
	}
	return func() (sum tally) {
		for id := range uint32(cpus) {
			args := proceduresCallerArgs{Caller: id}
			if err := call(collection.Programs["stop_caller"], &args); err != nil || args.Result != 0 {
				t.Fatalf("stop caller %d: %v, result %d", id, err, args.Result)
			}
			var w proceduresCaller
			if err := collection.Maps["callers"].Lookup(id, &w); err != nil {
				t.Fatal(err)
			}
			if w.Left == callsOfTimer {
				t.Errorf("the timer of CPU %d never fired", id)
			}
			if w.Error != 0 {
				t.Errorf("caller %d in softirq: error %d", id, w.Error)
			}
			sum.add(tally{w.Cents, int(w.Votes), int(w.Aborts), int(w.Refused)})
		}
		return sum
	}
}

// TestCallsConcurrently has Go, RESP and softirq call procedures on the same few keys. Money
// changes by what the callers were told, and every vote is counted once.
func TestCallsConcurrently(t *testing.T) {
	db := open(t, Options{})
	for i := range callAccounts {
		mustSet(t, db, fmt.Appendf(nil, "b:s:%d", i), []byte(strconv.Itoa(callCents)))
		mustSet(t, db, fmt.Appendf(nil, "b:c:%d", i), []byte(strconv.Itoa(callCents)))
	}
	for i := range 3 {
		mustSet(t, db, fmt.Appendf(nil, "v:c:%d", i+1), []byte("somebody"))
	}
	timers := startCallers(t, db)
	const callers, calls = 4, 5000
	tallies := make([]tally, callers)
	var wg sync.WaitGroup
	for i := range callers {
		rng := rand.New(rand.NewPCG(uint64(i), 9))
		call := goCaller(db, rng)
		if i%2 == 0 {
			call = respCaller(newClient(t, db, uint64(i+1)))
		}
		wg.Go(func() {
			for n := range calls {
				if err := callOne(call, rng, (100+i)*1e7+n, &tallies[i]); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	total := timers()
	t.Logf("softirq: %+v", total)
	for i, one := range tallies {
		t.Logf("caller %d: %+v", i, one)
		total.add(one)
	}
	checkMoney(t, db, total.cents)
	checkVotes(t, db, total.votes)
	if total.votes == 0 || total.aborts == 0 || total.conflicts == 0 {
		t.Error("want some votes, aborts and conflicts")
	}
}

func checkMoney(t *testing.T, db *DB, change int64) {
	t.Helper()
	var sum int64
	for i := range callAccounts {
		reply, err := db.Call("balance", []byte(strconv.Itoa(i)))
		if err != nil {
			t.Fatal(err)
		}
		sum += reply.Integer
	}
	if want := 2*callAccounts*callCents + change; sum != want {
		t.Errorf("all balances sum up to %d, want %d", sum, want)
	}
}

// checkVotes compares the votes of phones and those for contestants with those accepted.
func checkVotes(t *testing.T, db *DB, accepted int) {
	t.Helper()
	number := func(format string, args ...any) int {
		text, err := db.Get(fmt.Appendf(nil, format, args...))
		if ignoreNotFound(err) != nil {
			t.Fatal(err)
		}
		n, _ := strconv.Atoi(string(text))
		return n
	}
	ofPhones, forContestants := 0, 0
	for i := range callPhones {
		votes := number("v:p:%d", 2125550000+i)
		if votes > callVoteLimit {
			t.Errorf("phone %d has %d votes", i, votes)
		}
		ofPhones += votes
	}
	for i := range 3 {
		forContestants += number("v:t:%d:XX", i+1)
	}
	const otherKeys = 2*callAccounts + 3 + 3 + callPhones
	records := int(db.Len()) - otherKeys
	if ofPhones != accepted || forContestants != accepted || records != accepted {
		t.Errorf("%d votes of phones, %d for contestants, %d recorded, want %d",
			ofPhones, forContestants, records, accepted)
	}
}

// pump serves a pipeline to its end, however often it meets contention.
func pump(c *client, pipeline string) (replies string, err error) {
	c.load([]byte(pipeline))
	c.out = nil
	for range tooManyCalls {
		switch status := c.call(); status {
		case engineServeStatusSERVE_DONE:
			return string(c.out), nil
		case engineServeStatusSERVE_BUSY, engineServeStatusSERVE_FULL:
		default:
			return "", fmt.Errorf("status %v", status)
		}
	}
	return "", ErrContention
}

// TestCallsSeeOneState flips between two states in each of which a vote has another outcome:
// it is counted, or its contestant is missing. That its phone has reached the limit is
// true only of a mixture, and no balance but 100 is true of either.
func TestCallsSeeOneState(t *testing.T) {
	db := open(t, Options{})
	const counted = "BEGIN\r\nMSET v:c:1 somebody v:p:2125550101 0 b:s:1 100 b:c:1 0\r\nCOMMIT\r\n"
	const missing = "BEGIN\r\nMSET v:p:2125550101 1000000000 b:s:1 0 b:c:1 100\r\nDEL v:c:1\r\nCOMMIT\r\n"
	flips := strings.Repeat(counted+missing, 500)
	calls := strings.Repeat("CALL vote 1 2125550101 1 1000000000\r\nCALL balance 1\r\n", 500)
	flipper, voter := newClient(t, db, 1), newClient(t, db, 2)
	if _, err := pump(flipper, flips); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { // until done; it rests in either state
		for rest := ""; ; {
			select {
			case <-done:
				return
			default:
			}
			if _, err := pump(flipper, flips+rest); err != nil {
				t.Error(err)
				return
			}
			if rest = counted; rand.IntN(2) == 0 {
				rest = missing
			}
		}
	})
	outcomes := map[string]int{}
	seen := func() bool {
		return outcomes[":0"] > 0 && outcomes["-ABORT invalid contestant"] > 0 && outcomes[":100"] > 0
	}
	for round, until := 0, time.Now().Add(time.Minute); round < 200 || !seen() && time.Now().Before(until); round++ {
		replies, err := pump(voter, calls)
		if err != nil {
			t.Error(err)
			break
		}
		for reply := range strings.Lines(replies) {
			outcomes[strings.TrimSpace(reply)]++
		}
	}
	close(done)
	wg.Wait()
	t.Log(outcomes)
	if !seen() {
		t.Error("not every outcome was seen")
	}
	for _, want := range []string{":0", "-ABORT invalid contestant", ":100"} {
		delete(outcomes, want)
	}
	if len(outcomes) > 0 {
		t.Errorf("of no state: %v", outcomes)
	}
}
