package workloads

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// rowsOf collects a data set; every key may occur once.
func rowsOf(t *testing.T, name string, change func(*Spec)) map[string]string {
	t.Helper()
	spec := testTxnSpec(t, name)
	change(&spec)
	data, err := NewDataset(spec)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for i := range data.Places() {
		key, value := data.AppendRow(i, nil, nil)
		if key == nil {
			continue
		}
		if _, taken := rows[string(key)]; taken {
			t.Fatalf("%s: key %s is loaded twice", name, key)
		}
		rows[string(key)] = string(value)
	}
	return rows
}

func sized(records uint64) func(*Spec) { return func(s *Spec) { s.Records = records } }

func TestVoterCalls(t *testing.T) {
	rows := rowsOf(t, "voter", sized(305*phonesPerArea))
	if len(rows) != Contestants+305 || rows["v:c:6"] != "Jessie Eichman" || rows["v:a:907"] != "AK" {
		t.Errorf("%d rows, contestant 6 is %q, area 907 in %q", len(rows), rows["v:c:6"], rows["v:a:907"])
	}
	favourites := make([]int, Contestants+1)
	for area := range areas {
		favourites[favourite(area)]++
	}
	const calls = 200_000
	contestants := make([]uint64, Contestants+1) // 0: invalid
	byArea := map[int64]uint64{}
	votes := map[int64]bool{}
	for worker := range 2 {
		s := newTestTxns(t, "voter", nil, 4, worker, 2)
		for range calls / 2 {
			args := s.Next().Args
			votes[args[0]] = true
			byArea[args[1]/phonesPerArea]++
			if args[2] == invalidContestant {
				args[2] = 0
			}
			contestants[args[2]]++
			if StateOf(args[1]) != rows[fmt.Sprintf("v:a:%d", args[1]/phonesPerArea)] || args[3] != 2 {
				t.Fatalf("phone %d is in %s", args[1], StateOf(args[1]))
			}
		}
	}
	checkChiSquare(t, contestants, func(i int) float64 {
		if i == 0 {
			return 0.01
		}
		return 0.99 * (0.5/Contestants + 0.5*float64(favourites[i])/float64(len(areas)))
	})
	counts := make([]uint64, len(areas))
	for i, area := range areas {
		counts[i] = byArea[int64(area.Code)]
	}
	checkChiSquare(t, counts, func(int) float64 { return 1 / float64(len(areas)) })
	if len(votes) != calls {
		t.Errorf("%d different votes in %d calls", len(votes), calls)
	}
	if StateOf(111_0000000) != UnknownState || StateOf(5) != UnknownState {
		t.Error("a phone of no area has a state")
	}
}

// TestSmallBankAccounts checks which accounts are chosen and what they hold at the start.
func TestSmallBankAccounts(t *testing.T) {
	const accounts = 1000
	for _, test := range []struct {
		change      func(*Spec)
		probability func(i int) float64
	}{
		{sized(accounts), func(int) float64 { return 1.0 / accounts }},
		{
			func(s *Spec) { s.Records, s.Distribution, s.HotKeys, s.HotShare = accounts, Hotspot, 10, 0.9 },
			func(i int) float64 {
				if i < 10 {
					return 0.09
				}
				return 0.1 / 990
			},
		},
	} {
		s, counts := newTestTxns(t, "smallbank", test.change, 9, 0, 1), make([]uint64, accounts)
		for range 300_000 {
			counts[s.Next().Args[0]]++
		}
		checkChiSquare(t, counts, test.probability)
	}
	rows := rowsOf(t, "smallbank", sized(20_000))
	var sum, squares float64
	for key, value := range rows {
		cents, err := strconv.ParseInt(value, 10, 64)
		if err != nil || cents < 1_000_000 || cents > 5_000_000 {
			t.Fatalf("%s holds %q", key, value)
		}
		sum, squares = sum+float64(cents), squares+float64(cents)*float64(cents)
	}
	n := float64(len(rows))
	mean := sum / n
	deviation := math.Sqrt(squares/n - mean*mean)
	// A sixth of the range, of which the cut at three deviations takes a little.
	if math.Abs(mean-3e6) > 4*deviation/math.Sqrt(n) || math.Abs(deviation-666_667) > 15_000 || n != 40_000 {
		t.Errorf("%g balances have mean %.0f and deviation %.0f, want 3000000 and 666667", n, mean, deviation)
	}
}

// TestTATPRates computes from the loaded rows how often each transaction succeeds and
// compares with what the benchmark's description of the data leads to: 5/8 of the types are
// there, half the call forwardings of a facility, two of the same with probability 1/3, all
// three with 1/4. A forwarding from 0, 8 or 16 o'clock ends after a random hour of 1 to 24
// with probability 28/192, 92/192 and 156/192; hence 5/8 * 0.85 * 0.278 for destinations.
func TestTATPRates(t *testing.T) {
	const subscribers = 20_000
	var access, destination, update, insert, remove float64
	for id := int64(1); id <= subscribers; id++ {
		p := ProfileOf(id)
		for kind := int64(1); kind <= facilities; kind++ {
			access += truth(p.HasAccess(kind)) / facilities
			update += truth(p.HasFacility(kind)) / facilities
			for start := int64(0); start <= 16; start += forwardHours {
				remove += truth(p.Forwards(kind, start)) / (facilities * forwardings)
				insert += truth(p.HasFacility(kind) && !p.Forwards(kind, start)) / (facilities * forwardings)
				for end := int64(1); end <= 24; end++ {
					destination += truth(p.Destinations(kind, start, end) > 0) / (facilities * forwardings * 24)
				}
			}
		}
	}
	for name, rate := range map[string][2]float64{
		"get_access_data": {access, 0.625}, "get_new_destination": {destination, 0.1479},
		"update_subscriber_data": {update, 0.625}, "insert_call_forwarding": {insert, 0.3125},
		"delete_call_forwarding": {remove, 0.3125},
	} {
		if got := rate[0] / subscribers; math.Abs(got-rate[1]) > 0.01 {
			t.Errorf("%s succeeds at a rate of %.4f, want %.4f", name, got, rate[1])
		}
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// TestTATPRows checks the rows against the profiles, and their fixed widths.
func TestTATPRows(t *testing.T) {
	const subscribers = 300
	rows := rowsOf(t, "tatp", sized(subscribers))
	forwards := 0
	for id := int64(1); id <= subscribers; id++ {
		p := ProfileOf(id)
		row := rows[fmt.Sprintf("t:s:%d", id)]
		fields := strings.Split(row, ",")
		if len(row) != MaxTATPValue || len(fields) != 33 || fields[0] != fmt.Sprintf("%015d", id) {
			t.Fatalf("subscriber %d: %q", id, row)
		}
		if fields[1] != row[Bit1Offset:Bit1Offset+1] || fields[32] != row[LocationOffset:] {
			t.Errorf("subscriber %d: bit 1 or location are not at their offsets in %q", id, row)
		}
		if got := rows[fmt.Sprintf("t:n:%015d", id)]; got != strconv.FormatInt(id, 10) {
			t.Errorf("number of subscriber %d leads to %q", id, got)
		}
		for kind := int64(1); kind <= facilities; kind++ {
			_, access := rows[fmt.Sprintf("t:a:%d:%d", id, kind)]
			facility, has := rows[fmt.Sprintf("t:f:%d:%d", id, kind)]
			if access != p.HasAccess(kind) || has != p.HasFacility(kind) {
				t.Errorf("subscriber %d lacks or has too much of type %d", id, kind)
			}
			if has && (len(facility) != 15 || facility[ActiveOffset:2] != fmt.Sprintf("%d,", p.active>>(kind-1)&1) ||
				facility[DataAOffset-1] != ',' || facility[DataAOffset+3] != ',') {
				t.Errorf("facility %q of subscriber %d", facility, id)
			}
		}
		forwards += p.Forwardings()
	}
	for key, value := range rows {
		if strings.HasPrefix(key, "t:w:") {
			forwards--
			if len(value) != 18 || value[2] != ',' {
				t.Errorf("%s: %q", key, value)
			}
		}
	}
	if forwards != 0 {
		t.Errorf("the profiles have %d call forwardings more than the rows", forwards)
	}
}

func TestClosedEconomySum(t *testing.T) {
	sum := 0
	for _, value := range rowsOf(t, "ycsb-t", func(*Spec) {}) {
		cash, _ := strconv.Atoi(value)
		sum += cash
	}
	if sum != 1_000_000 {
		t.Errorf("the economy holds %d, want 1000000", sum)
	}
}

func TestAppendDigits(t *testing.T) {
	for _, n := range []int64{0, 9, 10, 99, 100, 255, 999} {
		if got, want := string(AppendDigits(nil, n, 3)), fmt.Sprintf("%03d", n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	if got := string(AppendDigits(nil, 7, 1)); got != "7" {
		t.Errorf("7 is %q", got)
	}
}
