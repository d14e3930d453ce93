package dialogue

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"bpfdb/engine/model"
)

// Own reports whether Random(seed) meets what BPF-DB does and Redis does not.
func Own(seed uint64) bool {
	session := model.NewSession(model.NewDB())
	session.Serve(slices.Concat(Random(seed)...))
	return session.Differs()
}

// Differ plays Random(seed) to the server at addr, whose database it empties, and to a fresh model. It
// returns an error that shows the stream and where the replies part, nil if they agree to the byte and to the
// close.
func Differ(addr string, seed uint64) error {
	chunks := Random(seed)
	stream := slices.Concat(chunks...)
	want, closes := model.NewSession(model.NewDB()).Serve(stream)
	if err := differ(TCP(addr), chunks, withoutID(want), closes); err != nil {
		return fmt.Errorf("seed %d, in %d writes: %w\nof\n%s", seed, len(chunks), err, show(stream))
	}
	return nil
}

func differ(target Target, chunks [][]byte, want []byte, closes bool) error {
	if err := target.Reset(); err != nil {
		return err
	}
	conn, err := target.Dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	sent := make(chan error, 1)
	go func() { // ends with the stream, or when the deferred Close fails its write
		for _, chunk := range chunks {
			if err := conn.Send(chunk); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	// Redis drops replies it could not write yet when the client half-closes: take all before that.
	c := &talk{Conn: conn}
	if err := c.expect(step{data: want, closed: closes}); err != nil {
		return err
	}
	if closes {
		return nil
	}
	if err := <-sent; err != nil {
		return err
	}
	if err := conn.HalfClose(); err != nil {
		return err
	}
	return c.expect(step{closed: true})
}

// show writes a stream as the lines of a dialogue file.
func show(stream []byte) string {
	var text strings.Builder
	for line := range bytes.SplitAfterSeq(stream, []byte("\n")) {
		fmt.Fprintf(&text, ">> %s\n", escape(line))
	}
	return text.String()
}
