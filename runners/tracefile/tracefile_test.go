package tracefile_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"bpfdb/runners/tracefile"
	"bpfdb/workloads/trace"
)

const text = "1,a,1,0,9,get,0\n2,b,1,5,9,set,60\n2,c,1,5\n"

// packed is the text as a file of that extension holds it.
func packed(t *testing.T, extension string) []byte {
	t.Helper()
	var to bytes.Buffer
	var w io.WriteCloser
	switch extension {
	case ".gz":
		w = gzip.NewWriter(&to)
	case ".zst":
		encoder, err := zstd.NewWriter(&to)
		if err != nil {
			t.Fatal(err)
		}
		w = encoder
	default:
		return []byte(text)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return to.Bytes()
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// However a file is packed, its lines are the same, and errors name it and the line.
func TestOpen(t *testing.T) {
	for _, extension := range []string{".csv", ".gz", ".zst"} {
		path := write(t, "trace"+extension, packed(t, extension))
		file, err := tracefile.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"a", "b"} {
			if got, err := file.Next(); err != nil || string(got.Key) != key {
				t.Errorf("%s: %+v, %v; want key %s", extension, got, err, key)
			}
		}
		_, err = file.Next()
		if !errors.Is(err, trace.ErrLine) || !strings.Contains(err.Error(), path+":3: ") {
			t.Errorf("%s: %v; want the third line of %s", extension, err, path)
		}
		if err := file.Close(); err != nil {
			t.Errorf("%s: close: %v", extension, err)
		}
	}
}

// A file that is not what its name says, or is cut, is no trace that ends early.
func TestOpenRefuses(t *testing.T) {
	if _, err := tracefile.Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	for _, extension := range []string{".gz", ".zst"} {
		whole := packed(t, extension)
		for what, data := range map[string][]byte{
			"not packed": []byte(text), "cut": whole[:len(whole)-3], "empty": nil,
		} {
			file, err := tracefile.Open(write(t, "trace"+extension, data))
			for err == nil {
				_, err = file.Next()
			}
			ended := err == io.EOF
			if empty := extension == ".zst" && what == "empty"; ended != empty || errors.Is(err, trace.ErrLine) {
				t.Errorf("%s, %s: %v", extension, what, err) // no frame at all is an empty text in zstd
			}
		}
	}
}
