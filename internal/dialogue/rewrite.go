package dialogue

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// Rewrite replaces the expected replies in a file by those of target. A reply is what comes back until the
// connection stays quiet after a run of > lines or an action.
func Rewrite(target Target, file string) error {
	steps, err := readScript(file)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := target.Reset(); err != nil {
		return err
	}
	p := player{target: target, conns: map[string]*talk{}}
	defer p.close()
	replies := map[int][]string{} // by the line they follow
	for _, s := range steps {
		if s.kind == expect {
			continue
		}
		if err := p.step(s); err != nil {
			return fmt.Errorf("%s:%d: %w", file, s.line, err)
		}
		if conn := p.conns[s.conn]; conn != nil {
			if replies[s.line], err = conn.hear(s.conn); err != nil {
				return fmt.Errorf("%s:%d: %w", file, s.line, err)
			}
		}
	}
	var out []string
	for i, line := range strings.Split(string(text), "\n") {
		if match := linePattern.FindStringSubmatch(line); match == nil || match[2][0] != '<' {
			out = append(out, line)
		}
		out = append(out, replies[i+1]...)
	}
	return os.WriteFile(file, []byte(strings.Join(out, "\n")), 0o644)
}

// hear waits until the connection is quiet and takes what came.
func (c *talk) hear(name string) ([]string, error) {
	wasClosed := c.closed
	for !c.closed {
		if more, err := c.receive(quiet); err != nil {
			return nil, err
		} else if !more {
			break
		}
	}
	heard := lines(name, bytes.Clone(c.pending))
	c.pending = nil
	if c.closed && !wasClosed {
		heard = append(heard, name+"< (closed)")
	}
	return heard, nil
}
