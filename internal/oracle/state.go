package oracle

import (
	"fmt"
	"maps"
	"time"
)

// state is what some keys hold; a key that is not there is not in it.
type state map[string]string

// change is one key's: a value, or nil for none.
type change struct {
	key   string
	value *string
}

func (s state) apply(changes []change) {
	for _, c := range changes {
		if c.value == nil {
			delete(s, c.key)
		} else {
			s[c.key] = *c.value
		}
	}
}

// step is a request that may have changed something.
type step struct {
	what    string
	changes []change
	acked   time.Time // zero: there was no reply
}

// past is all states that a client's keys may be found in after a restart.
type past struct {
	base  state // found last time
	steps []step
}

// lasting is how many steps must be there if all that was acknowledged up to a time must.
func (p *past) lasting(acked time.Time) int {
	for n := len(p.steps); n > 0; n-- {
		if t := p.steps[n-1].acked; !t.IsZero() && !t.After(acked) {
			return n
		}
	}
	return 0
}

// match finds what was found among the states from the one after `least` steps on, and begins anew with that. It
// returns how many steps there were in all, and how many acknowledged ones are gone.
func (p *past) match(found state, least int) (steps, lost int, err error) {
	s, at := maps.Clone(p.base), -1
	for n := 0; n <= len(p.steps); n++ {
		if n > 0 {
			s.apply(p.steps[n-1].changes)
		}
		if n >= least && maps.Equal(s, found) {
			at = n
		}
	}
	if at < 0 {
		return 0, 0, fmt.Errorf("not in any state it may be in: %s", p.explain(found, least))
	}
	for _, gone := range p.steps[at:] {
		if !gone.acked.IsZero() {
			lost++
		}
	}
	steps = len(p.steps)
	p.base, p.steps = maps.Clone(found), nil
	return steps, lost, nil
}

// explain says how what was found differs from the state after the steps that must be there, and which steps these are.
func (p *past) explain(found state, least int) string {
	s, earlier := maps.Clone(p.base), -1
	for n := range p.steps[:least] {
		if maps.Equal(s, found) {
			earlier = n
		}
		s.apply(p.steps[n].changes)
	}
	text := fmt.Sprintf("%d steps, of which %d must be there", len(p.steps), least)
	if earlier >= 0 {
		text += fmt.Sprintf("; it is the state after %d", earlier)
	}
	for key := range maps.Keys(merge(s, found)) {
		if a, b := show(s, key), show(found, key); a != b {
			text += fmt.Sprintf("\n  %s: %s, want %s", key, b, a)
		}
	}
	for _, last := range p.steps[max(0, least-3):min(len(p.steps), least+5)] {
		text += fmt.Sprintf("\n  step %s, acknowledged %v", last.what, last.acked.Format(time.StampMicro))
	}
	return text
}

func merge(a, b state) state {
	both := maps.Clone(a)
	maps.Copy(both, b)
	return both
}

// show shortens a value.
func show(s state, key string) string {
	value, ok := s[key]
	switch {
	case !ok:
		return "nothing"
	case len(value) > 40:
		return fmt.Sprintf("%d bytes, %.20q...%.20q", len(value), value, value[len(value)-20:])
	}
	return fmt.Sprintf("%q", value)
}
