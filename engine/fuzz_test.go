package engine

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"bpfdb/engine/model"
	"bpfdb/internal/dialogue"
)

// limits of the reply area to fuzz with: the whole, the sockmap path's, and hardly any.
var fuzzLimits = []uint32{outBytes, 16384, 200}

// FuzzServe plays any stream, cut anywhere, to the program and to the model.
func FuzzServe(f *testing.F) {
	for seed := range uint64(100) {
		f.Add(bytes.Join(dialogue.Random(seed), nil), seed)
	}
	db := openTest(f)
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64) {
		if len(stream) > MaxRequest/2 {
			return // two chunks might not fit in the area together
		}
		var chunks [][]byte
		random := rand.New(rand.NewPCG(seed, 0))
		for limit := 1 + random.IntN(1+len(stream)); len(stream) > 0; {
			n := min(1+random.IntN(limit), len(stream))
			chunks = append(chunks, stream[:n])
			stream = stream[n:]
		}
		compare(t, db, chunks, fuzzLimits[seed%3])
	})
}

// TestRandomStreams does the same with a fixed set of streams, mostly valid ones.
func TestRandomStreams(t *testing.T) {
	db := openTest(t)
	for seed := range uint64(300) {
		chunks := dialogue.Random(seed)
		if seed%4 != 0 {
			for _, chunk := range chunks {
				unquote(chunk)
			}
		}
		compare(t, db, chunks, fuzzLimits[seed%3])
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// unquote takes the quotes out: at an inline request with some the test has to stop.
func unquote(chunk []byte) {
	for i, c := range chunk {
		if c == '"' || c == '\'' {
			chunk[i] = 'q'
		}
	}
}

// compare plays chunks to the engine and to the model: the same replies after each, no memory kept.
func compare(t *testing.T, db *DB, chunks [][]byte, limit uint32) {
	t.Helper()
	before := db.Stats().Used
	c := newClient(t, db, 1)
	c.limit = limit
	session := model.NewSession(model.NewDB())
	var want, sent []byte
	for _, chunk := range chunks {
		out, closed := session.Serve(chunk)
		want = append(want, out...)
		sent = append(sent, chunk...)
		c.send(chunk)
		if c.quoted && bytes.HasPrefix(want, c.out) {
			break
		}
		if !bytes.Equal(c.out, want) || c.closed != closed {
			at := 0
			for at < min(len(want), len(c.out)) && want[at] == c.out[at] {
				at++
			}
			t.Errorf("limit %d, from byte %d: got %.300q, closed %v\nwant %.300q, closed %v\nafter %.600q",
				limit, at, c.out[at:], c.closed, want[at:], closed, sent[max(0, len(sent)-600):])
			break
		}
	}
	c.close()
	if err := db.FlushAll(); err != nil {
		t.Fatal(err)
	}
	if keys := db.Len(); keys != 0 {
		t.Errorf("%d keys after FLUSHALL", keys)
	}
	if used := db.Stats().Used; used != before {
		t.Errorf("%d bytes used before, %d after\nby %.600q", before, used, sent)
	}
}
