package dialogue

import (
	"flag"
	"io/fs"
	"path/filepath"
	"testing"
)

const files = "../../engine/testdata/dialogue"

var rewrite = flag.Bool("rewrite", false, "replace the replies in the dialogue files by redis-server's, "+
	"or by the model's where they are our own")

// eachFile runs test for the dialogue files, as subtests called by their paths: those that Redis understands,
// and our own too if own is true.
func eachFile(t *testing.T, own bool, test func(t *testing.T, file string)) {
	count := 0
	err := filepath.WalkDir(files, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".txt" {
			return err
		}
		if isOwn(path) && !own {
			return nil
		}
		count++
		name, err := filepath.Rel(files, path)
		t.Run(name, func(t *testing.T) { test(t, path) })
		return err
	})
	if err != nil || count == 0 {
		t.Fatalf("%d dialogue files in %s: %v", count, files, err)
	}
}

func isOwn(file string) bool {
	return filepath.Base(filepath.Dir(file)) == "bpfdb"
}

func TestRedis(t *testing.T) {
	addr := StartRedis(t)
	eachFile(t, false, func(t *testing.T, file string) {
		if *rewrite {
			if err := Rewrite(TCP(addr), file); err != nil {
				t.Fatal(err)
			}
		}
		Run(t, addr, file)
		if err := Play(TCP(addr), file, 1); err != nil {
			t.Fatalf("one byte per write: %v", err)
		}
	})
}

func TestModel(t *testing.T) {
	eachFile(t, true, func(t *testing.T, file string) {
		if *rewrite && isOwn(file) {
			if err := Rewrite(Model(), file); err != nil {
				t.Fatal(err)
			}
		}
		for _, chunk := range []int{0, 1, 2, 3, 7, 100} {
			if err := Play(Model(), file, chunk); err != nil {
				t.Fatalf("in chunks of %d: %v", chunk, err)
			}
		}
	})
}

// TestModelOverTCP plays our own files as they will be played to the product: over TCP.
func TestModelOverTCP(t *testing.T) {
	addr := serveModel(t)
	eachFile(t, true, func(t *testing.T, file string) {
		Run(t, addr, file)
	})
}
