package server

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"

	"bpfdb/internal/impair"
	"bpfdb/internal/tcpcheck"
)

// sharkFilter is what tshark must not find among the packets of the server. Its "ACKed unseen segment" is not among
// it: where segments are lost and the two CPUs overtake each other on the way to the capture it is raised for
// segments that are there a line further down; of acks the checker, which knows what was forwarded, has the say.
const sharkFilter = "(ip.src == " + impair.Host + " or ipv6.src == " + impair.Host6 + ") and " +
	"(tcp.checksum.status == Bad or ip.checksum.status == Bad or _ws.malformed)"

// capture records the packets of a case, and returns a function that has tshark look at them: a second opinion beside
// the checker's, where it is installed.
func (l *testLink) capture(t *testing.T) (watch *tcpcheck.Capture, check func()) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "link.pcap")
	watch, err := tcpcheck.NewCapture(file)
	if err != nil {
		t.Fatal(err)
	}
	return watch, func() {
		l.Watch(l.checker)
		if err := watch.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := exec.LookPath("tshark"); err != nil {
			t.Log("tshark is not installed: its pass over the packets is left out")
			return
		}
		command := exec.Command("tshark", "-r", file, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
			"-Y", sharkFilter)
		var warnings bytes.Buffer
		command.Stderr = &warnings
		found, err := command.Output()
		if err != nil {
			t.Fatalf("tshark: %v: %s", err, &warnings)
		}
		if len(found) > 0 {
			t.Errorf("tshark complains of:\n%s", short(found))
		}
	}
}
