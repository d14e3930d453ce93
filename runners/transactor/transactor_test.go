package transactor

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bpfdb/engine/server"
	"bpfdb/runners/driver"
	"bpfdb/runners/transaction"
	"bpfdb/workloads"
)

// TestModesAgree executes the same transactions one after the other in every mode of every
// server: they must have the same outcomes and leave the same data.
func TestModesAgree(t *testing.T) {
	servers := targets(t)
	for _, name := range txnNames {
		t.Run(name, func(t *testing.T) {
			var first *trace
			for _, to := range servers {
				for _, mode := range append(to.modes, transaction.Unsafe) {
					cfg := testConfig(t, to, name, mode)
					if transaction.CheckMode(mode, cfg.Workload) == nil {
						first = sameAs(t, first, to.name+" "+mode, cfg)
					}
				}
			}
		})
	}
}

// trace is what an execution did.
type trace struct {
	name   string
	result *driver.Result
	rows   []string
}

// sameAs executes a workload, compares with the first execution and returns that.
func sameAs(t *testing.T, first *trace, name string, cfg driver.Config) *trace {
	res := execute(t, cfg)
	wantWhole(t, cfg, verify(t, cfg, res))
	rows := dump(t, cfg, touched(t, cfg))
	known := len(rows)
	if cfg.Mode == transaction.SortedSet {
		known++ // the index
	}
	if size := command(t, cfg, "DBSIZE"); string(size.Data) != strconv.Itoa(known) {
		t.Errorf("%s holds %s keys, want the %d the workload knows", name, size.Data, known)
	}
	if first == nil {
		return &trace{name, res, rows}
	}
	did, want := res.Transactions.Ever, first.result.Transactions.Ever
	if did != want || res.OpStreamDigest() != first.result.OpStreamDigest() {
		t.Errorf("%s: %+v, digest %x; %s: %+v, %x", first.name, want, first.result.OpStreamDigest(),
			name, did, res.OpStreamDigest())
	}
	if !slices.Equal(rows, first.rows) {
		t.Errorf("%s leaves other data than %s", name, first.name)
	}
	return first
}

// TestInvariantsHold runs many connections on few keys: whatever the conflicts, nothing may
// be lost. Without protection something is, and the checks must see it.
func TestInvariantsHold(t *testing.T) {
	for _, to := range targets(t) {
		for _, name := range txnNames {
			t.Run(to.name+"/"+name, func(t *testing.T) { invariantsHold(t, to, name) })
		}
	}
}

func invariantsHold(t *testing.T, to target, name string) {
	digests := map[uint64]bool{}
	for _, mode := range to.modes {
		cfg := testConfig(t, to, name, mode)
		if transaction.CheckMode(mode, cfg.Workload) != nil {
			continue
		}
		cfg.Connections, cfg.Operations = 20, 4000
		res := execute(t, cfg)
		wantWhole(t, cfg, verify(t, cfg, res))
		digests[res.OpStreamDigest()] = true
		total := res.Transactions.Measured.Total()
		if mode == transaction.Multi && name != "txn4" && total.Conflicts == 0 {
			t.Errorf("%s met no conflict in %+v", mode, total)
		}
		t.Logf("%s: %+v", mode, total)
	}
	if len(digests) > 1 {
		t.Errorf("the modes sent %d different loads", len(digests))
	}
	if name == "ycsb-f" || name == "ycsb-e" || name == "txn4" || name == "tatp" {
		return // lost updates of blind writes do not show; in tatp they are rare
	}
	cfg := testConfig(t, to, name, transaction.Unsafe)
	cfg.Connections, cfg.Operations = 20, 10_000
	if name == "ycsb-t" {
		cfg.Workload.TotalCash = 100_000 // enough that no transfer is refused
	}
	for range 10 { // now and then what is lost and what is made add up to nothing
		cfg.Seed++
		if found := verify(t, cfg, execute(t, cfg)); len(broken(found)) > 0 && found.Score != 0 {
			t.Logf("unsafe: anomaly score %g, broken %q", found.Score, broken(found))
			return
		}
	}
	t.Error("nothing is broken without protection")
}

// TestVerifyBites damages the data after a good run: one count, one row, one balance.
func TestVerifyBites(t *testing.T) {
	to := redisTarget(t)
	for _, test := range []struct {
		name, invariant string
		command         []string
	}{
		{"voter", "totals", []string{"INCR", "v:t:1:CA"}},
		{"voter", "votes", []string{"SET", "v:v:0", "lost"}},
		{"voter", "phones", []string{"INCR", "v:p:9070000000"}},
		{"voter", "limit", []string{"SET", "v:p:9070000000", "3"}},
		{"smallbank", "money", []string{"INCRBY", "b:c:3", "1"}},
		{"smallbank", "balances", []string{"DEL", "b:s:4"}},
		{"smallbank", "savings covered", []string{"SET", "b:s:4", "-1"}},
		{"tatp", "call forwardings", []string{"SET", "t:w:1:1:0", "08,000000000000000"}},
		{"tatp", "rows", []string{"APPEND", "t:s:3", "x"}},
		{"ycsb-t", "cash", []string{"INCR", "user6284781860667377211"}},
		{"ycsb-t", "balances", []string{"SET", "user6284781860667377211", "-3"}},
		{"ycsb-f", "values", []string{"APPEND", "user6284781860667377211", "x"}},
		{"txn4", "values", []string{"DEL", "user6284781860667377211"}},
	} {
		cfg := testConfig(t, to, test.name, transaction.Lua)
		cfg.Operations = 12_000 // which change every call forwarding there may be
		res := execute(t, cfg)
		if test.name == "tatp" { // a forwarding the run touched, set or removed
			test.command = oppositeForwarding(t, cfg, test.command)
		}
		command(t, cfg, test.command...)
		found := verify(t, cfg, res)
		holds := slices.ContainsFunc(found.Invariants, func(i transaction.Invariant) bool {
			return i.Name == test.invariant && i.Holds
		})
		if holds {
			t.Errorf("%s: after %v %q still holds: %+v", test.name, test.command, test.invariant, found.Invariants)
		}
	}
	cfg := testConfig(t, to, "voter", transaction.Lua)
	res := execute(t, cfg)
	res.Transactions.Ever.Counts[workloads.Vote].Commits++
	if wrong := broken(verify(t, cfg, res)); len(wrong) != 4 {
		t.Errorf("one commit too many breaks %q, want the number of transactions, votes, totals and phones", wrong)
	}
	cfg = testConfig(t, to, "tatp", transaction.Lua)
	res = execute(t, cfg)
	res.Transactions.Measured.Counts[workloads.GetAccessData].Commits++
	if wrong := broken(verify(t, cfg, res)); len(wrong) != 1 || !strings.Contains(wrong[0], "get_access_data") {
		t.Errorf("one success too many breaks %q, want the rate of get_access_data", wrong)
	}
}

// oppositeForwarding removes the row if it is there.
func oppositeForwarding(t *testing.T, cfg driver.Config, set []string) []string {
	if set[0] == "SET" && string(command(t, cfg, "EXISTS", set[1]).Data) == "1" {
		return []string{"DEL", set[1]}
	}
	return set
}

func TestScriptsAreLoadedAgain(t *testing.T) {
	to := redisTarget(t)
	cfg := testConfig(t, to, "smallbank", transaction.Lua)
	if _, err := Load(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
	command(t, cfg, "SCRIPT", "FLUSH")
	cfg.Warmup = driver.Warmup{}
	res, err := driver.Run(context.Background(), cfg)
	if err != nil || res.Transactions.Measured.Total().Failed != 0 {
		t.Fatalf("%v, %+v", err, res.Transactions.Measured)
	}
	wantWhole(t, cfg, verify(t, cfg, res))
}

// TestGivingUp lets every transaction but one at a time lose: with a single try some are
// given up, counted as such, and nothing is lost.
func TestGivingUp(t *testing.T) {
	to := redisTarget(t)
	cfg := testConfig(t, to, "ycsb-t", transaction.Multi)
	cfg.Connections, cfg.Operations, cfg.Tries = 20, 6000, 1
	command(t, cfg, "FLUSHALL")
	if _, err := Load(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
	res, err := driver.Run(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	total := res.Transactions.Measured.Total()
	if total.GaveUp == 0 || total.Conflicts != total.GaveUp || total.Failed > 0 || total.Total() != cfg.Operations {
		t.Errorf("%+v, want some given up after one conflict each", total)
	}
	wantWhole(t, cfg, verify(t, cfg, res))
}

func TestConfigIsChecked(t *testing.T) {
	good := testConfig(t, target{addr: "127.0.0.1:1"}, "voter", transaction.Lua)
	for _, test := range []struct {
		change func(*driver.Config)
		text   string
	}{
		{func(c *driver.Config) { c.Mode = "prayer" }, "prayer"},
		{func(c *driver.Config) { c.Mode, c.Workload = transaction.Procedure, smallSpec(t, "txn4") }, "txn4"},
		{func(c *driver.Config) { c.Workload, _ = workloads.ByName("ycsb-a") }, "ycsb-a"},
		{func(c *driver.Config) { c.Workload.MaxVotesPerPhone = 0 }, "max_votes_per_phone"},
		{func(c *driver.Config) { c.Connections = 0 }, "connections"},
		{func(c *driver.Config) { c.Threads = 0 }, "threads"},
		{func(c *driver.Config) { c.Tries = -1 }, "tries"},
		{func(c *driver.Config) { c.Timeout = -1 }, "timeout"},
		{func(c *driver.Config) { c.Operations = 0 }, "operations"},
	} {
		cfg := good
		test.change(&cfg)
		_, err := driver.Run(context.Background(), cfg)
		if !errors.Is(err, driver.ErrConfig) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("error %v, want %v naming %s", err, driver.ErrConfig, test.text)
		}
	}
}

// TestScansAreRefused: a system without sorted sets says so when it is loaded.
func TestScansAreRefused(t *testing.T) {
	cfg := testConfig(t, target{addr: startBPFDB(t, server.PathUser)}, "ycsb-e", transaction.SortedSet)
	_, err := Load(context.Background(), cfg)
	if !errors.Is(err, errRefused) || !strings.Contains(err.Error(), "ZADD") {
		t.Errorf("error %v, want the server to refuse ZADD", err)
	}
}
