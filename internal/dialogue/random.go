package dialogue

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Random returns what a client might send, hostile or not, cut into writes; equal seeds give equal streams.
// Most streams are valid commands on a handful of keys, as arrays and as lines; half of them are damaged
// somewhere, and a third use what only BPF-DB has: transactions, procedures, limits, refused options. None closes the
// connection on purpose before its last request, but damage may.
func Random(seed uint64) [][]byte {
	g := generator{rand.New(rand.NewPCG(seed, 0x6469616c6f677565))}
	hostile, own := g.chance(2), g.chance(3)
	var stream []byte
	for range 1 + g.IntN(40) {
		var request []byte
		switch {
		case own && g.chance(4):
			request = g.encode(ownRequests[g.IntN(len(ownRequests))])
		case hostile && g.chance(40):
			request = []byte(g.pick(garbage))
		default:
			request = g.encode(requests[g.IntN(len(requests))])
		}
		if hostile && g.chance(15) {
			request = g.damage(request)
		}
		stream = append(stream, request...)
	}
	if g.chance(10) {
		stream = append(stream, g.encode("QUIT")...)
	}
	return g.split(stream)
}

// requests are the commands to choose from: k stands for a key, v for a value, n for an amount.
var requests = []string{
	"PING", "PING v", "ECHO v", "GET k", "GET k", "GET k", "SET k v", "SET k v", "SET k v", "SET k n",
	"SET k v NX", "SET k v XX", "SET k v GET", "SET k v XX GET", "SET k v get nx", "SET k v v", "DEL k",
	"DEL k k", "DEL k k k", "EXISTS k", "EXISTS k k k", "MGET k", "MGET k k k", "MSET k v", "MSET k v k n",
	"INCR k", "INCR k", "DECR k", "INCRBY k n", "DECRBY k n", "INCRBY k v", "APPEND k v", "APPEND k n",
	"STRLEN k", "DBSIZE", "FLUSHALL", "SELECT 0", "SELECT n", "HELLO", "HELLO 2", "HELLO 3", "HELLO v",
	"HELLO 3 SETNAME v", "NOPE", "v", "v v", "GET", "GET k k", "SET k", "MSET k v k", "DEL", "PING v v",
	"INCRBY k", "DBSIZE k", "MULTI", "MULTI", "MULTI", "EXEC", "EXEC", "EXEC", "EXEC", "DISCARD", "WATCH k",
	"WATCH k k", "UNWATCH", "MULTI v", "EXEC v", "WATCH",
}

// ownRequests use what Redis does not have or does not limit; K and V are at the edges of the sizes.
var ownRequests = []string{
	"BEGIN", "BEGIN", "BEGIN", "COMMIT", "COMMIT", "ABORT", "BEGIN v", "SET k v EX n", "SET k v KEEPTTL NX",
	"GET K", "SET K V", "SET k V", "SET k V XX", "APPEND k V", "MSET k v K v", "MSET k V k v", "MGET k K",
	"DEL K k", "ECHO V", "STRLEN k", "WATCH K",
	"MSET b:s:1 n b:c:1 n b:c:2 n", "CALL balance 1", "CALL balance v", "CALL deposit_checking 1 n",
	"CALL write_check 1 n", "CALL send_payment 1 2 n", "CALL amalgamate 1 2", "CALL v", "CALL v v", "CALL",
}

var (
	keys = []string{"a", "b", "c", "", "key", "k\x00y", "k\r\ny", "\xff\xfe"}

	values = []string{
		"", "v", "value", "0", "1", "-1", "10", "007", "+1", " 1", "9223372036854775807",
		"-9223372036854775808", "a b", "\"", "'", "\\", "\r\n", "*1\r\n$4\r\nPING\r\n", "\x00", "\xff\x80",
		"nx", "XX",
	}

	numbers = []string{
		"0", "1", "-1", "2", "-3", "100", "9223372036854775807", "-9223372036854775807",
		"-9223372036854775808", "9223372036854775808", "4611686018427387904", "99999999999999999999",
		"2147483648", "01", "-0", "", "x", "1.5",
	}

	garbage = []string{
		"\r\n", "\n", " \t\r\n", "*0\r\n", "*-1\r\n", "*\r\n", "*x\r\n", "*1\r\n", "*2\r\n$3\r\nGET\r\n",
		"$3\r\n", "*1\r\n$-1\r\n", "*1\r\n$0\r\n\r\n", "*1\r\n:1\r\n", "*2147483647\r\n", "*2147483648\r\n",
		"*1025\r\n", "*1\r\n$536870912\r\n", "*1\r\n$536870913\r\n", "*1\r\n$1048577\r\n",
		"*-9223372036854775809\r\n", "*1\r\n$99999999999999999999\r\n", "ECHO \"a\r\n", "ECHO 'a\r\n",
		"ECHO \"a\"b\r\n", "ECHO \"\\x4\\xg\\\"\" '\\''\r\n", "\x00", "\x00\r\n", "\xff\xff\r\n",
		"GET\x00 a\r\n", "*1\r\r$4\r\rPING\r\r", "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$", "*1\n$4\nPING\n",
		"%1\r\n+a\r\n+b\r\n", "_\r\n", "(123\r\n",
	}
)

type generator struct{ *rand.Rand }

// chance is true once in n.
func (g generator) chance(n int) bool { return g.IntN(n) == 0 }

func (g generator) pick(from []string) string { return from[g.IntN(len(from))] }

// encode fills in a template and writes it as an array or, one time in four, as a line.
func (g generator) encode(template string) []byte {
	var words [][]byte
	for i, word := range strings.Fields(template) {
		switch word {
		case "k":
			word = g.pick(keys)
		case "v":
			word = g.value()
		case "n":
			word = g.pick(numbers)
		case "K":
			word = strings.Repeat("K", 511+g.IntN(3))
		case "V":
			word = strings.Repeat("V", 65535+g.IntN(3))
		default:
			if i == 0 && g.chance(8) {
				word = strings.ToLower(word)
			}
		}
		words = append(words, []byte(word))
	}
	encoded := Encode(words...)
	if len(encoded) < 10000 && g.chance(4) {
		return g.line(words)
	}
	return encoded
}

func (g generator) value() string {
	switch {
	case g.chance(10):
		return strings.Repeat(g.pick(values), g.IntN(100))
	case g.chance(100):
		return strings.Repeat("V", g.IntN(65537))
	}
	return g.pick(values)
}

// line writes words as a line, in quotes where they need them and sometimes where they do not.
func (g generator) line(words [][]byte) []byte {
	var out []byte
	for i, word := range words {
		if i > 0 {
			out = append(out, g.pick([]string{" ", " ", "  ", "\t"})...)
		}
		if plain := isPlain(word); plain && !g.chance(5) {
			out = append(out, word...)
		} else if plain && g.chance(2) {
			out = fmt.Appendf(out, "'%s'", word)
		} else {
			out = append(out, '"')
			for _, c := range word {
				out = fmt.Appendf(out, "\\x%02x", c)
			}
			out = append(out, '"')
		}
	}
	return append(out, g.pick([]string{"\r\n", "\r\n", "\n"})...)
}

func isPlain(word []byte) bool {
	return len(word) > 0 && !bytes.ContainsFunc(word, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || r == '"' || r == '\'' || r == '*'
	})
}

// damage changes, drops, repeats or inserts a byte, a few times.
func (g generator) damage(request []byte) []byte {
	const likely = "*$\r\n 019-x\"'\\\x00\xff"
	for range 1 + g.IntN(3) {
		at := g.IntN(len(request) + 1)
		left, right := request[:at], request[at:]
		c := likely[g.IntN(len(likely))]
		switch skip := min(1, len(right)); g.IntN(4) {
		case 0:
			request = bytes.Join([][]byte{left, right[skip:]}, []byte{c})
		case 1:
			request = bytes.Join([][]byte{left, right[skip:]}, nil)
		case 2:
			request = bytes.Join([][]byte{left, right[:skip], right}, nil)
		case 3:
			request = bytes.Join([][]byte{left, right}, []byte{c})
		}
	}
	return request
}

// split cuts a stream into writes: one, small ones, or of any size.
func (g generator) split(stream []byte) (chunks [][]byte) {
	limit := []int{len(stream), 1, 10, 1000, 20000}[g.IntN(5)]
	limit = max(limit, len(stream)/maxWrites, 1)
	for len(stream) > 0 {
		n := min(1+g.IntN(limit), len(stream))
		if limit >= len(stream) && g.chance(2) {
			n = len(stream)
		}
		chunks = append(chunks, stream[:n])
		stream = stream[n:]
	}
	return chunks
}
