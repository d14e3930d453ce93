package dialogue

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"bpfdb/engine/model"
)

// startOurRedis starts a redis-server that has no other commands than the model, so that the unknown ones
// agree.
func startOurRedis(t *testing.T) string {
	conn, err := TCP(StartRedis(t)).Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Send([]byte("COMMAND LIST\r\nQUIT\r\n")); err != nil {
		t.Fatal(err)
	}
	var list []byte
	for err == nil {
		var data []byte
		data, err = conn.Receive(replyTimeout)
		list = append(list, data...)
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	var renames []string
	for name := range strings.FieldsSeq(string(list)) {
		if !strings.ContainsAny(name, "*$+|") && !slices.Contains(model.Commands(), name) {
			renames = append(renames, fmt.Sprintf("rename-command %s \"\"", name))
		}
	}
	if len(renames) < 100 {
		t.Fatalf("redis-server lists only %d commands besides ours: %q", len(renames), list)
	}
	return StartRedis(t, renames...)
}

func TestRandomAgainstRedis(t *testing.T) {
	const streams = 500
	addr := startOurRedis(t)
	own := 0
	for seed := range uint64(streams) {
		if Own(seed) {
			own++
		} else if err := differFromRedis(addr, seed); err != nil {
			t.Fatal(err)
		}
	}
	if own > streams/2 {
		t.Errorf("%d of %d streams could not be compared", own, streams)
	}
}

// differFromRedis tries a stream that makes the server close up to five times: Redis does not read what is behind a
// protocol error, and the reset that follows may take replies along that the client has not received yet. Only a
// difference that is always there is one.
func differFromRedis(addr string, seed uint64) (err error) {
	_, closes := model.NewSession(model.NewDB()).Serve(slices.Concat(Random(seed)...))
	for range 5 {
		if err = Differ(addr, seed); err == nil || !closes {
			return err
		}
	}
	return err
}

// TestRandomVariety checks that the streams reach what they are for.
func TestRandomVariety(t *testing.T) {
	var all []byte
	closed := 0
	for seed := range uint64(500) {
		chunks := Random(seed)
		if again := Random(seed); !slices.EqualFunc(chunks, again, bytes.Equal) {
			t.Fatalf("seed %d gives two streams", seed)
		}
		out, closes := model.NewSession(model.NewDB()).Serve(slices.Concat(chunks...))
		all = append(all, out...)
		if closes {
			closed++
		}
	}
	for _, reply := range []string{
		"+OK", "+PONG", "$-1", "_\r\n", "*3", "%7", ":0", "-ERR unknown command", "-ERR wrong number",
		"-ERR syntax", "-ERR value is not an integer", "would overflow", "-ERR DB index", "-NOPROTO",
		"-ERR BEGIN calls", "-ERR COMMIT without", "-ERR ABORT without", "-ERR key exceeds",
		"-ERR value exceeds", "-ERR key expiry", "not allowed inside", "request too large",
		"invalid multibulk", "invalid bulk", "expected '$'", "unbalanced",
	} {
		if !bytes.Contains(all, []byte(reply)) {
			t.Errorf("no stream of 500 gives %q", reply)
		}
	}
	if closed < 50 || closed > 450 {
		t.Errorf("%d of 500 streams make the server close", closed)
	}
}

func TestDifferSeesDifferences(t *testing.T) {
	target := TCP(serveModel(t))
	shortenTimeout(t)
	request := [][]byte{[]byte("PI"), []byte("NG\r\n")}
	for _, test := range []struct {
		name, want string
		closes, ok bool
	}{
		{"equal", "+PONG\r\n", false, true},
		{"other byte", "+PANG\r\n", false, false},
		{"short", "+PON", false, false},
		{"long", "+PONG\r\n+", false, false},
		{"close", "+PONG\r\n", true, false},
	} {
		if err := differ(target, request, []byte(test.want), test.closes); (err == nil) != test.ok {
			t.Errorf("%s: error %v", test.name, err)
		}
	}
}
