package dialogue

import (
	"flag"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

const files = "../../engine/testdata/dialogue"

var rewrite = flag.Bool("rewrite", false, "replace the replies in the dialogue files by redis-server's, "+
	"or by the model's where they are our own")

// eachFile runs test for every dialogue file, as a subtest called by its path.
func eachFile(t *testing.T, test func(t *testing.T, file string, own bool)) {
	count := 0
	err := filepath.WalkDir(files, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".txt" {
			return err
		}
		count++
		name, err := filepath.Rel(files, path)
		t.Run(name, func(t *testing.T) { test(t, path, strings.HasPrefix(name, "bpfdb/")) })
		return err
	})
	if err != nil || count == 0 {
		t.Fatalf("%d dialogue files in %s: %v", count, files, err)
	}
}

func TestRedis(t *testing.T) {
	addr := StartRedis(t)
	eachFile(t, func(t *testing.T, file string, own bool) {
		if own {
			return
		}
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
	eachFile(t, func(t *testing.T, file string, own bool) {
		if *rewrite && own {
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
	eachFile(t, func(t *testing.T, file string, _ bool) {
		Run(t, addr, file)
	})
}
