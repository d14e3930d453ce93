package isolation

import (
	"testing"

	"bpfdb/engine"
	"bpfdb/internal/kerneltest"
)

// TestSerializableGrowing has the index grow, and move keys to other buckets, while transactions run.
func TestSerializableGrowing(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.MinKernel, kerneltest.BTF)
	db, err := engine.Open(engine.Options{MemoryBytes: 512 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	workers, err := loadWorkers(db, loadLists)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	defer workers.collection.Close()
	stop, ended := make(chan struct{}), make(chan int)
	go func() { // until stop
		n := 0
		for {
			select {
			case <-stop:
				ended <- n
				return
			default:
			}
			if n += fill(t, db, n); n > 2_000_000 {
				n = 0 // that is enough growth: what follows are overwrites
			}
		}
	}()
	d := &database{DB: db}
	txns, err := d.round(&scene{seed: seedOf(t), firstKey: nextLists()}, workers, 4000)
	close(stop)
	t.Logf("%d keys beside the lists, %d splits", <-ended, db.Stats().Counters["splits"])
	if err != nil {
		t.Fatal(err)
	}
	judge(t, txns)
	if db.Stats().Counters["splits"] == 0 {
		t.Error("the index did not grow")
	}
}

// fill sets a batch of keys that are no lists.
func fill(t *testing.T, db *engine.DB, from int) int {
	ops := make([]engine.Op, 500)
	for i := range ops {
		ops[i] = engine.Op{Code: engine.OpSet, Key: number64(1<<61 + uint64(from+i))}
	}
	n, err := db.Batch(ops)
	if err != nil && !refused(err) {
		t.Errorf("fill: %v", err)
	}
	return max(n, 1)
}
