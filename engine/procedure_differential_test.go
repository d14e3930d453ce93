package engine

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bpfdb/engine/model"
	"bpfdb/internal/dialogue"
)

// callArguments are the procedures with the kinds of their arguments, one letter each.
var callArguments = map[string]string{
	"vote": "vpcl", "balance": "a", "deposit_checking": "am", "transact_savings": "am",
	"write_check": "am", "amalgamate": "aa", "send_payment": "aam",
	"get_subscriber_data": "i", "get_access_data": "if", "get_new_destination": "ifse",
	"update_location": "nl", "update_subscriber_data": "ibfd", "insert_call_forwarding": "nfsex",
	"delete_call_forwarding": "nfs", "transfer": "rr", "read_modify_write": "rm",
}

// Numbers of the things in the test's data; those beyond are missing.
const callThings = 4

// callArgument draws an argument of a kind, now and then one of another kind or nonsense.
func callArgument(rng *rand.Rand, kind byte) string {
	if rng.IntN(60) == 0 {
		return []string{"", "x", "-1", "00", "3:4", "\x00", "1\r\n", strings.Repeat("9", 21),
			strings.Repeat("9", 700), "9223372036854775807", "+1", "12345678901/345", "1234567890:"}[rng.IntN(13)]
	}
	if rng.IntN(60) == 0 {
		kind = "vpcliamfsenlbdx"[rng.IntN(15)]
	}
	thing := rng.IntN(callThings + 1)
	switch kind {
	case 'v':
		return strconv.Itoa(rng.IntN(100))
	case 'p':
		return fmt.Sprintf("%d%07d", 201+rng.IntN(3), rng.IntN(5))
	case 'l':
		if rng.IntN(2) == 0 {
			return strconv.Itoa(rng.IntN(20))
		}
		return fmt.Sprintf("%010d", rng.IntN(1e9))
	case 'm':
		if rng.IntN(100) == 0 {
			return strconv.FormatInt(int64(rng.Uint64()), 10)
		}
		return strconv.Itoa(rng.IntN(2500) - 500)
	case 'f':
		return strconv.Itoa(rng.IntN(5))
	case 's':
		return []string{"0", "8", "16", "08", "5", "24"}[min(rng.IntN(8), 5)]
	case 'e':
		return strconv.Itoa(rng.IntN(26))
	case 'n', 'x':
		return fmt.Sprintf("%015d", thing)
	case 'b':
		return strconv.Itoa(rng.IntN(2))
	case 'r':
		return fmt.Sprintf("b:%c:%d", "sc"[rng.IntN(2)], thing)
	case 'd':
		return strconv.Itoa(rng.IntN(260))
	default:
		return strconv.Itoa(thing)
	}
}

// callData is keys and values of the three schemas; a few of them are not as they should be.
func callData(rng *rand.Rand) [][]byte {
	set := []string{"MSET", "v:a:201", "NJ", "v:a:202", "a state too long"}
	row := fmt.Sprintf(",%s,%010d,%010d", strings.Repeat("1,", 10)+strings.Repeat("07,", 10)+
		strings.TrimSuffix(strings.Repeat("255,", 10), ","), 1, 2)
	for i := range callThings {
		set = append(set, fmt.Sprintf("v:c:%d", i), "name", fmt.Sprintf("b:s:%d", i), "1000",
			fmt.Sprintf("b:c:%d", i), "500", fmt.Sprintf("t:s:%d", i), fmt.Sprintf("%015d", i)+row,
			fmt.Sprintf("t:n:%015d", i), strconv.Itoa(i))
		for kind := 1; kind <= 4; kind++ {
			if rng.IntN(2) == 0 {
				set = append(set, fmt.Sprintf("t:a:%d:%d", i, kind), "123,045,ABC,ABCDE")
			}
			if rng.IntN(3) > 0 {
				set = append(set, fmt.Sprintf("t:f:%d:%d", i, kind), fmt.Sprintf("%d,012,234,VWXYZ", rng.IntN(4)&1))
			}
		}
	}
	set = append(set, "b:c:3", "9223372036854775000", "t:s:3", "no row", "t:w:1:1:8", "no row")
	words := make([][]byte, len(set))
	for i, word := range set {
		words[i] = []byte(word)
	}
	return words
}

// callRequest draws a request: mostly a call.
func callRequest(rng *rand.Rand, names []string) [][]byte {
	switch n := rng.IntN(60); {
	case n < 4:
		return bytes.Fields([]byte([]string{"BEGIN", "BEGIN READONLY", "COMMIT", "ABORT"}[n]))
	case n == 4:
		return [][]byte{[]byte("HELLO"), []byte([]string{"2", "3"}[rng.IntN(2)])}
	case n == 5:
		unknown := []string{"", "vot", "votes", "VOTE", "vote\x00", "a\rb", "a_name_of_25_letters_this_"}
		return [][]byte{[]byte("call"), []byte(unknown[rng.IntN(len(unknown))])}
	}
	name := names[rng.IntN(len(names))]
	kinds := callArguments[name]
	words := [][]byte{[]byte("CALL"), []byte(name)}
	for i := range len(kinds) {
		words = append(words, []byte(callArgument(rng, kinds[i])))
	}
	switch rng.IntN(80) {
	case 0:
		return words[:len(words)-1]
	case 1:
		return append(words, []byte("more"))
	}
	return words
}

// TestCallDifferential plays random calls, good and bad, inside and outside transactions, to
// the engine and to the model: each reply and what the database holds afterwards are equal.
func TestCallDifferential(t *testing.T) {
	db := openTest(t)
	names := slices.Sorted(maps.Keys(callArguments))
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 7))
		c := newClient(t, db, 1)
		c.limit = fuzzLimits[seed%3]
		session := model.NewSession(model.NewDB())
		codes := map[string]int{}
		play := func(words [][]byte) {
			t.Helper()
			request := dialogue.Encode(words...)
			want, _ := session.Serve(request)
			c.out = nil
			c.send(request)
			if !bytes.Equal(c.out, want) {
				t.Fatalf("seed %d, %.200q: got %.300q, want %.300q", seed, words, c.out, want)
			}
			codes[strings.Fields(string(want) + " ")[0]]++
		}
		play(callData(rng))
		for range 30_000 {
			play(callRequest(rng, names))
		}
		play([][]byte{[]byte("ABORT")})
		for _, key := range callKeys() {
			play([][]byte{[]byte("GET"), key})
		}
		for _, code := range []string{"-ABORT", "-ERR", ":0", ":1", ":100", "*0", "*1", "$-1", "_", "$127"} {
			if codes[code] < 10 {
				t.Errorf("the test hardly reaches %s: %v", code, codes)
			}
		}
		c.close()
		if err := db.FlushAll(); err != nil {
			t.Fatal(err)
		}
	}
	if used := db.Stats().Used; used%64 != 0 || used > 16*64 {
		t.Errorf("%d bytes are left behind, more than overflow buckets take", used)
	}
}

// callKeys are those that the test's calls can have written.
func callKeys() (keys [][]byte) {
	add := func(format string, args ...any) { keys = append(keys, fmt.Appendf(nil, format, args...)) }
	for i := range 100 {
		add("v:v:%d", i)
	}
	for i := range callThings {
		for _, prefix := range []string{"b:s:", "b:c:", "t:s:"} {
			add("%s%d", prefix, i)
		}
		for kind := 1; kind <= 4; kind++ {
			add("t:f:%d:%d", i, kind)
			for start := 0; start <= 16; start += 8 {
				add("t:w:%d:%d:%d", i, kind, start)
			}
		}
		for area := 201; area < 204; area++ {
			add("v:p:%d%07d", area, i)
		}
		add("v:t:%d:NJ", i)
		add("v:t:%d:XX", i)
	}
	return keys
}

// TestCallGo compares what Go gets with what RESP says.
func TestCallGo(t *testing.T) {
	db := openShared(t)
	for key, value := range map[string]string{
		"b:s:1": "100", "b:c:1": "23", "t:s:7": "row", "t:f:7:1": "1,000,000,ABCDE",
		"t:w:7:1:0": "08,000000000000042",
	} {
		mustSet(t, db, []byte(key), []byte(value))
	}
	for _, tt := range []struct {
		call string
		want string
		err  error
	}{
		{"balance 1", "integer 123", nil},
		{"balance 2", "procedure aborted: no such account", ErrProcedureAbort},
		{"balance", "procedure refused: wrong number of arguments for procedure 'balance'", ErrProcedureCall},
		{"balance x", "procedure refused: account must be 1 to 20 digits", ErrProcedureCall},
		{"nothing", "procedure refused: unknown procedure 'nothing'", ErrProcedureCall},
		{"get_subscriber_data 7", `bulk "row"`, nil},
		{"get_subscriber_data 8", "nil", nil},
		{"get_new_destination 7 1 0 7", `array [bulk "000000000000042"]`, nil},
		{"get_new_destination 7 1 0 8", "array []", nil},
		{"update_location 000000000000007 1234567890", "integer 0", nil},
	} {
		words := bytes.Fields([]byte(tt.call))
		reply, err := db.Call(string(words[0]), words[1:]...)
		got := describeReply(reply)
		if err != nil {
			got = err.Error()
		}
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %s, want %s", tt.call, got, tt.want)
		}
	}
	if _, err := db.Call("vote", make([]byte, MaxRequest)); !errors.Is(err, ErrProcedureCall) {
		t.Errorf("too many bytes: %v", err)
	}
	if _, err := db.Call("vote", make([][]byte, 1023)...); !errors.Is(err, ErrProcedureCall) {
		t.Errorf("too many arguments: %v", err)
	}
}

func describeReply(r Reply) string {
	switch r.Kind {
	case ReplyInteger:
		return fmt.Sprintf("integer %d", r.Integer)
	case ReplyBulk:
		return fmt.Sprintf("bulk %q", r.Bulk)
	case ReplyArray:
		var all []string
		for _, element := range r.Array {
			all = append(all, describeReply(element))
		}
		return fmt.Sprintf("array %v", all)
	default:
		return "nil"
	}
}
