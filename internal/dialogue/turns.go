package dialogue

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"bpfdb/engine/model"
)

const (
	turnConns = 3
	turnCount = 100
)

// turn is one request on one of several connections; its reply comes before the next turn.
type turn struct {
	conn    int
	request []byte
}

// randomTurns returns undamaged requests on few keys, with own also transactions.
func randomTurns(seed uint64, own bool) (turns []turn) {
	g := generator{rand.New(rand.NewPCG(seed, 0x7475726e73))}
	for range turnCount {
		template := requests[g.IntN(len(requests))]
		if own && g.chance(3) {
			template = g.pick([]string{"BEGIN", "BEGIN", "BEGIN", "COMMIT", "COMMIT", "COMMIT", "ABORT"})
		}
		turns = append(turns, turn{g.IntN(turnConns), g.encode(template)})
	}
	return turns
}

// DifferTurns lets a few connections to the server at addr take turns on few keys, transactions among them if
// own is true, and returns an error that shows the first reply that is not the model's. Without own the
// server may be Redis.
func DifferTurns(addr string, seed uint64, own bool) error {
	target, db := TCP(addr), model.NewDB()
	if err := target.Reset(); err != nil {
		return err
	}
	p := player{target: target, conns: map[string]*talk{}}
	defer p.close()
	sessions := map[string]*model.Session{}
	var script strings.Builder
	for _, turn := range randomTurns(seed, own) {
		name := string(rune('a' + turn.conn))
		if sessions[name] == nil {
			sessions[name] = model.NewSession(db)
		}
		reply, _ := sessions[name].Serve(turn.request)
		if !own && sessions[name].Differs() {
			return nil // an APPEND beyond our limit
		}
		reply = withoutID(reply)
		fmt.Fprintf(&script, "%s>> %s\n", name, escape(turn.request))
		err := p.step(step{conn: name, kind: send, data: turn.request})
		if err == nil {
			err = p.step(step{conn: name, kind: expect, data: reply})
		}
		if err != nil {
			return fmt.Errorf("seed %d: %w\nafter\n%s", seed, err, script.String())
		}
		for _, line := range lines(name, reply) {
			fmt.Fprintln(&script, line)
		}
	}
	if err := p.finish(); err != nil {
		return fmt.Errorf("seed %d: at the end: %w\nafter\n%s", seed, err, script.String())
	}
	return nil
}
