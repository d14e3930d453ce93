package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bpfdb/engine/redolog"
)

// writeLog makes a log of 20 commits, 5 of them in a checkpoint, and leaves it cleanly closed.
func writeLog(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	log, _, err := redolog.Open(redolog.Options{Dir: dir, SegmentBytes: redolog.MinSegmentBytes})
	if err != nil {
		t.Fatal(err)
	}
	entry := redolog.Entry{Op: redolog.OpSet, Key: []byte("key"), Value: make([]byte, 10_000)}
	for lsn := uint64(1); lsn <= 20; lsn++ {
		if err := log.Append(redolog.AppendRecord(nil, lsn, entry), lsn, lsn, 1); err != nil {
			t.Fatal(err)
		}
		if lsn == 5 {
			w, err := log.CreateCheckpoint(lsn)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Append(redolog.AppendEntry(nil, entry), 1); err != nil {
				t.Fatal(err)
			}
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// flip damages one byte of a file.
func flip(t *testing.T, path string, offset int64) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[offset] ^= 1
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVerify(t *testing.T) {
	dir := writeLog(t)
	verify := func(wantExit int, want string, args ...string) {
		t.Helper()
		exit, stdout, stderr := run(t, roleBpfdb, append([]string{"verify", dir}, args...)...)
		if exit != wantExit {
			t.Errorf("exit %d, want %d; stderr %q", exit, wantExit, stderr)
		}
		if !regexp.MustCompile(want).MatchString(stdout) {
			t.Errorf("stdout has no line like %s:\n%s", want, stdout)
		}
		if (exit == 0) != (stderr == "") || strings.Count(stderr, "\n") > 1 {
			t.Errorf("exit %d, stderr %q", exit, stderr)
		}
	}
	verify(0, `(?m)^checkpoint-0{19}5\.db +5 +1 +1 +\d+ +ok$`)
	verify(0, `(?m)^redo-0000000004\.log +19-20 +3 +2 +\d+ +ok, closed cleanly$`)
	verify(0, `(?m)^ok: recovery goes from the checkpoint at lsn 5 with 1 keys up to lsn 20$`)
	flip(t, filepath.Join(dir, "redo-0000000002.log"), 40_000)
	verify(1, `(?m)^redo-0000000002\.log +7-9 +3 +3 +34384 +damaged at offset 34384$`)
	verify(1, `(?m)^damaged: redo-0000000002\.log at offset 34384: the checksum of the records 10 to 10 is wrong`)
	verify(1, `(?m)^corrupt: a repair would .* kept is lsn 9, lost are 12 frames with 11 records; .*`+
		` set aside as NAME.cut: redo-0000000003.log redo-0000000004.log$`)
	verify(1, `"what": "the checksum of the records 10 to 10 is wrong`, "--json")
	verify(0, `(?m)^repaired: the last commit kept is lsn 9`, "--repair")
	verify(0, `(?m)^redo-0000000003\.log +0 +0 +0 +4096 +ok$`)
	verify(0, `(?m)^ok: recovery goes from .* up to lsn 9$`, "--repair")
	for _, name := range []string{"redo-0000000002.log.cut", "redo-0000000003.log.cut", "redo-0000000004.log.cut"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestVerifyJSON(t *testing.T) {
	exit, stdout, stderr := run(t, roleBpfdb, "verify", "--json", writeLog(t))
	var got struct {
		Files    []redolog.FileReport
		Problems []redolog.Problem
		LastLSN  uint64 `json:"last_lsn"`
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || exit != 0 || stderr != "" {
		t.Fatalf("exit %d, %v, stderr %q, stdout\n%s", exit, err, stderr, stdout)
	}
	if len(got.Files) != 5 || got.Problems == nil || len(got.Problems) != 0 || got.LastLSN != 20 {
		t.Errorf("got %+v, want 5 files, no problems, last lsn 20", got)
	}
}

func TestVerifyUsage(t *testing.T) {
	inUse := filepath.Join(t.TempDir(), "data")
	log, _, err := redolog.Open(redolog.Options{Dir: inUse})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "accepts 1 arg(s), received 0"},
		{[]string{"a", "b"}, "accepts 1 arg(s), received 2"},
		{[]string{"--fast", inUse}, "unknown flag: --fast"},
		{[]string{filepath.Join(inUse, "none")}, "no such file or directory"},
		{[]string{t.TempDir()}, "no log and no checkpoint"},
		{[]string{file}, "not a directory"},
		{[]string{inUse}, "directory is in use"},
		{[]string{"--repair", inUse}, "directory is in use"},
		{[]string{""}, "no directory"},
	} {
		exit, stdout, stderr := run(t, roleBpfdb, append([]string{"verify"}, test.args...)...)
		checkRefusal(t, exit, stdout, stderr, exitUsage, test.want)
	}
}
