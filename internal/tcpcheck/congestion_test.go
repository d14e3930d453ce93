package tcpcheck

import "testing"

// A mark of congestion is to be told until the client has heard.
func TestCongestion(t *testing.T) {
	agreed := func() *Checker {
		c := New(serverPort)
		c.Received(segment{flags: "SEW", window: 1000, bare: true, mss: 1460}.frame(false))
		c.Sent(segment{flags: "SE", ack: 1, window: 1000, bare: true}.frame(true))
		c.Received(segment{at: 1, ack: 1, window: 1000, bare: true, payload: "marked", tos: ecnMet}.frame(false))
		return c
	}
	answer := segment{at: 1, ack: 7, window: 1000, bare: true, payload: "hello"}
	told := answer
	told.flags = "E"
	for _, test := range []struct {
		name  string
		heard bool
		segment
		wrong bool
	}{
		{"told", false, told, false},
		{"not told", false, answer, true},
		{"not told, heard", true, answer, false},
		{"of before", false, segment{at: 1, ack: 1, window: 1000, bare: true}, false},
	} {
		c := agreed()
		if test.heard {
			c.Received(segment{at: 7, ack: 1, window: 1000, bare: true, payload: "!", flags: "W"}.frame(false))
		}
		c.Sent(test.frame(true))
		if err := c.Err(); (err != nil) != test.wrong {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	c := begun(false)
	c.Sent(segment{at: 1, ack: 201, tsval: 501, tsecr: 101, window: 1000, tos: 2}.frame(true))
	if err := c.Err(); err == nil {
		t.Error("a packet that can be marked passes without agreement")
	}
}
