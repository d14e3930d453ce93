package server

import (
	"fmt"
	"strings"
	"testing"

	"bpfdb/engine"
	"bpfdb/internal/oracle"
)

// TestTransactionTooLongForLog commits more than the redo log takes as one record: it is refused as a whole, and one
// that just fits is there after a restart. (MULTI refuses to queue so much.)
func TestTransactionTooLongForLog(t *testing.T) {
	const most = 16<<20/(engine.MaxValue+64) - 1 // values
	m := newMachine(t, 8, engine.DurabilitySync, PathLocal)
	conn, err := oracle.Dial(m.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ask := func(words ...string) string {
		t.Helper()
		reply, err := conn.Do(words...)
		if err != nil {
			t.Fatal(err)
		}
		return reply.Text
	}
	commit := func(values int) string {
		t.Helper()
		ask("BEGIN")
		for n := range values {
			ask("SET", fmt.Sprint("long", n), strings.Repeat("v", engine.MaxValue))
		}
		return ask("COMMIT")
	}
	if got := commit(most + 2); got != "ERR transaction writes over 16 MiB, the redo log's limit" {
		t.Errorf("%d of the longest values: COMMIT answers %q", most+2, got)
	}
	if n := ask("EXISTS", "long0"); n != "0" {
		t.Errorf("the refused transaction has left %s key", n)
	}
	if got := commit(most); got != "OK" {
		t.Errorf("%d of the longest values: COMMIT answers %q", most, got)
	}
	if err := m.end(); err != nil {
		t.Error(err)
	}
	m.start()
	for _, n := range []int{0, most - 1} {
		m.want("1", "EXISTS", fmt.Sprint("long", n))
	}
}
