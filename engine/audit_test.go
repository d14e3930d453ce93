package engine

import (
	"strings"
	"testing"
)

// TestAudit has all kinds of blocks there, and then one that is lost and one that is there twice.
func TestAudit(t *testing.T) {
	db := open(t, Options{})
	if _, err := fill(db, 0, 200_000, 10); err != nil { // overflow buckets, splits
		t.Fatal(err)
	}
	reader := mustBeginReadOnly(t, db)
	for i := range 1000 {
		if err := db.Set(numbered(i), make([]byte, i%700)); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Delete(numbered(1000 + i)); err != nil {
			t.Fatal(err)
		}
	}
	a, err := db.Audit()
	if err != nil || a.Keys != 199_000 || a.Versions != 3000 || a.Overflow == 0 || a.Lost > 0 {
		t.Errorf("with a snapshot: %+v, %v", a, err)
	}
	if err := reader.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := db.FlushAll(); err != nil {
		t.Fatal(err)
	}
	a, err = db.Audit()
	if err != nil || a.Keys != 0 || a.Versions != 0 || a.Used != a.Overflow*bucketBytes || a.Lost > 0 {
		t.Errorf("empty: %+v, %v", a, err)
	}
	var lists []*uint64 // with blocks on them
	for i := range int(db.control.at(0).ShardMask) + 1 {
		for class := range db.shards.at(i).FreeHead {
			if head := &db.shards.at(i).FreeHead[class]; *head&refMask != 0 {
				lists = append(lists, head)
			}
		}
	}
	for name, broken := range map[string]uint64{"lost": 0, "twice": *lists[1]} {
		kept := *lists[0]
		*lists[0] = broken
		if a, err := db.Audit(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
		*lists[0] = kept
	}
}
