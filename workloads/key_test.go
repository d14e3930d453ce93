package workloads

import "testing"

// TestKeyNames has names that YCSB's Java client inserts first (numbers 0 to 3, as its
// published logs show) and names computed independently from the definition of FNV-1a.
func TestKeyNames(t *testing.T) {
	for number, want := range map[uint64]string{
		0:       "user6284781860667377211",
		1:       "user8517097267634966620",
		2:       "user1820151046732198393",
		3:       "user4052466453699787802",
		255:     "user8064062821143829734",
		256:     "user2056600594528442646",
		999_999: "user2744965632448235251",
		1 << 63: "user6284922598155788219",
	} {
		if got := string(AppendKey(nil, number)); got != want {
			t.Errorf("key %d is %q, want %q", number, got, want)
		}
	}
}

func TestKeyNamesAreDistinctAndBounded(t *testing.T) {
	names := make(map[string]bool)
	for n := range uint64(200_000) {
		name := string(AppendKey(nil, n))
		if len(name) > MaxKeyBytes || names[name] {
			t.Fatalf("key %d: name %q is longer than %d bytes or taken", n, name, MaxKeyBytes)
		}
		names[name] = true
	}
}
