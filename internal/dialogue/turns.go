package dialogue

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"bpfdb/engine/model"
)

const (
	turnConns = 3
	turnCount = 200
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

// conflict is what the engine may answer to a COMMIT that the model would let through; see package model.
const conflict = "-CONFLICT transaction conflict, retry\r\n"

// DifferTurns lets a few connections to the server at addr take turns on few keys, transactions among them if
// own is true, and returns an error that shows the first reply that is not the model's. Without own the
// server may be Redis. Spurious counts the transactions that conflicted on the server only.
func DifferTurns(addr string, seed uint64, own bool) (spurious int, err error) {
	target := TCP(addr)
	if err := target.Reset(); err != nil {
		return 0, err
	}
	p := player{target: target, conns: map[string]*talk{}}
	defer p.close()
	db, sessions := model.NewDB(), map[string]*model.Session{}
	var script strings.Builder
	for _, turn := range randomTurns(seed, own) {
		name := string(rune('a' + turn.conn))
		session := sessions[name]
		if session == nil {
			session = model.NewSession(db)
			sessions[name] = session
		}
		fmt.Fprintf(&script, "%s>> %s\n", name, escape(turn.request))
		reply, gaveUp, err := p.turn(name, session, turn.request)
		if err == nil && !own && session.Differs() {
			return spurious, nil // an APPEND beyond our limit
		}
		if err == nil {
			err = p.step(step{conn: name, kind: expect, data: reply})
		}
		if err != nil {
			return spurious, fmt.Errorf("seed %d: %w\nafter\n%s", seed, err, script.String())
		}
		if gaveUp {
			spurious++
		}
		for _, line := range lines(name, reply) {
			fmt.Fprintln(&script, line)
		}
	}
	if err := p.finish(); err != nil {
		return spurious, fmt.Errorf("seed %d: at the end: %w\nafter\n%s", seed, err, script.String())
	}
	return spurious, nil
}

// turn sends one request and has the model answer it. The model's transaction gives up where it would commit and
// the server's conflicts.
func (p *player) turn(name string, session *model.Session, request []byte) (reply []byte, gaveUp bool, err error) {
	if err := p.step(step{conn: name, kind: send, data: request}); err != nil {
		return nil, false, err
	}
	spurious := func(text, end string) bool {
		gaveUp, err = p.conns[name].begins(text)
		if gaveUp {
			session.Serve([]byte(end))
			reply = []byte(text)
		}
		return gaveUp || err != nil
	}
	switch {
	case session.WouldCommit(request) && spurious(conflict, "ABORT\r\n"):
		return reply, gaveUp, err
	case session.WouldExec(request) && (spurious("*-1\r\n", "DISCARD\r\n") || spurious("_\r\n", "DISCARD\r\n")):
		return reply, gaveUp, err
	}
	reply, _ = session.Serve(request)
	return withoutID(reply), false, err
}
