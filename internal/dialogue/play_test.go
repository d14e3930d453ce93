package dialogue

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shortenTimeout is for tests in which replies are awaited in vain.
func shortenTimeout(t *testing.T) {
	before := replyTimeout
	replyTimeout = 300 * time.Millisecond
	t.Cleanup(func() { replyTimeout = before })
}

func writeFile(t *testing.T, text string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "dialogue.txt")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestPlayFails checks that what is wrong in a dialogue fails, and where.
func TestPlayFails(t *testing.T) {
	addr := serveModel(t)
	shortenTimeout(t)
	for _, test := range []struct{ name, text, want string }{
		{"other reply", "> PING\n< +PANG\n", "dialogue.txt:2: reply differs from line 1 of 1"},
		{"second line", "> GET a\n> PING\n< $-1\n< +PANG\n", ":4: reply differs from line 2 of 2"},
		{"missing reply", "> PING\n< +PONG\n< +PONG\n", "(nothing more came)"},
		{"reply too many", "> PING\n> PING\n< +PONG\n", "at the end: reply differs"},
		{"reply to a partial request", ">> *1\\r\\n\n< +PONG\n", "(nothing more came)"},
		{"stays open", "> PING\n< +PONG\n< (closed)\n", "want:\n  < +PONG\n  < (closed)"},
		{"closes", "a> QUIT\na< +OK\na> PING\na< +PONG\n", ":4: reply differs from line 1 of 1"},
		{"unknown mark", "> PING\n? PING\n", `dialogue.txt:2: "? PING" is none of`},
		{"unknown action", "a: jump\n", `dialogue.txt:1: unknown action "jump"`},
		{"bad escape", "> PING \\q\n", `dialogue.txt:1: unknown escape \q`},
		{"open quote", "> PING \"a\n", `dialogue.txt:1: no closing "`},
		{"bad repetition", ">> \\{x*a}\n", `dialogue.txt:1: \{x*a}: want \{count*text}`},
		{"bad split", ": split 0\n", "split 0: want a number of bytes"},
	} {
		for _, target := range []Target{Model(), TCP(addr)} {
			err := Play(target, writeFile(t, test.text), 0)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s on %T: error %v, want %q", test.name, target, err, test.want)
			}
		}
	}
}

func TestRewrite(t *testing.T) {
	file := writeFile(t, "# kept\n> PING\n< wrong\n\na> NOPE\n>> \\{50*PING\\n}\n\na> QUIT\n")
	if err := Rewrite(Model(), file); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	want := "# kept\n> PING\n< +PONG\n\na> NOPE\n" +
		"a< -ERR unknown command 'NOPE', with args beginning with:\\x20\n" +
		">> \\{50*PING\\n}\n<< \\{50*+PONG\\r\\n}\n\na> QUIT\na< +OK\na< (closed)\n"
	if err != nil || string(got) != want {
		t.Errorf("rewritten to\n%swant\n%s(%v)", got, want, err)
	}
	if err := Play(Model(), file, 0); err != nil {
		t.Error(err)
	}
}

func TestEscapeRoundTrip(t *testing.T) {
	var all []byte
	for c := range 256 {
		all = append(all, byte(c))
	}
	for _, data := range []string{
		"", " ", "(closed)", "a ", "\r\n", `\`, `"`, "{}", "}", strings.Repeat("}", 50),
		strings.Repeat(`\`, 50),
		strings.Repeat("\xff", 100) + "x", string(all),
	} {
		text := escape([]byte(data))
		if got, _, err := unescape(text, 0); err != nil || string(got) != data {
			t.Errorf("%q became %s and then %q, %v", data, text, got, err)
		}
	}
}
