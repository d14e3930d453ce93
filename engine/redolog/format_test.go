package redolog

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// example is the files that FORMAT.md shows, by the headings of its tables.
func example() map[string][]byte {
	var id StoreID
	for i := range id {
		id[i] = byte(i)
	}
	segment := fileHeader{
		magic: segmentMagic, id: id, number: 7, prev: 40, createdNS: 1_700_000_000_000_000_000, follows: 40,
	}
	checkpoint := fileHeader{magic: checkpointMagic, id: id, number: 40, createdNS: 1_700_000_000_000_000_002}
	entry := AppendEntry(nil, Entry{OpSet, []byte("key"), []byte("value!")})
	record := AppendRecord(nil, 41, Entry{OpSet, []byte("key"), []byte("value!")})
	frame := frameHeader{
		kind: frameData, payloadBytes: uint32(len(record)), payloadCRC: crc32.Checksum(record, castagnoli),
		records: 1, first: 41, last: 41, prev: 40, synced: 38, wallNS: 1_700_000_000_000_000_001,
	}
	block := blockHeader{uint32(len(entry)), crc32.Checksum(entry, castagnoli), 1}
	end := trailer{logLSN: 41}
	end.count(block)
	return map[string][]byte{
		"Segment header":    segment.encode(),
		"Frame header":      frame.encode(segment.seed(), HeaderBytes),
		"Record":            record,
		"Entry":             entry,
		"Checkpoint header": checkpoint.encode(),
		"Block header":      block.encode(checkpoint.seed(), HeaderBytes),
		"Trailer":           end.encode(checkpoint.seed(), HeaderBytes+block.bytes()),
	}
}

var (
	tableRow = regexp.MustCompile("(?m)^\\| (\\d+) \\| (\\d+) \\| ([^|]+) \\| `([^|]+)` \\|$")
	limitRow = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (\\d+) \\|")
)

// TestFormat holds the tables of FORMAT.md against the bytes of the example: the rows follow each other without a
// gap, cover all of it, and each field has the value the table shows.
func TestFormat(t *testing.T) {
	text, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	for heading, want := range example() {
		_, section, ok := strings.Cut(string(text), "\n## "+heading+"\n")
		if !ok {
			t.Errorf("there is no heading %q", heading)
			continue
		}
		section, _, _ = strings.Cut(section, "\n## ")
		end := 0
		for _, row := range tableRow.FindAllStringSubmatch(section, -1) {
			offset, _ := strconv.Atoi(row[1])
			size, _ := strconv.Atoi(row[2])
			if offset != end || offset+size > len(want) {
				t.Errorf("%s: %q has %d bytes at %d, want it at %d of %d",
					heading, row[3], size, offset, end, len(want))
				break
			}
			end += size
			if got := show(want[offset:end], row[4]); got != row[4] {
				t.Errorf("%s: %q is shown as %s, it is %s", heading, row[3], row[4], got)
			}
		}
		if end != len(want) {
			t.Errorf("%s: the table describes %d bytes, there are %d", heading, end, len(want))
		}
	}
}

// show writes bytes in the way that like is written: a text, a hexadecimal or a decimal number, bytes, or zeros.
func show(b []byte, like string) string {
	switch {
	case strings.HasPrefix(like, `"`):
		return strconv.Quote(string(b))
	case strings.HasPrefix(like, "0x"):
		return fmt.Sprintf("0x%08x", binary.LittleEndian.Uint32(b))
	case like == "zeros" && zeros(b) == len(b):
		return like
	case strings.Contains(like, " ") || len(b) > 8:
		return fmt.Sprintf("% x", b)
	}
	var number [8]byte
	copy(number[:], b)
	return fmt.Sprint(binary.LittleEndian.Uint64(number[:]))
}

// TestFormatLimits holds the limits in FORMAT.md against the constants.
func TestFormatLimits(t *testing.T) {
	want := map[string]int{
		"MaxKeyBytes": MaxKeyBytes, "MaxValueBytes": MaxValueBytes, "MaxEntries": MaxEntries,
		"MaxRecordBytes": MaxRecordBytes, "MaxFrameBytes": MaxFrameBytes, "MinSegmentBytes": MinSegmentBytes,
		"MaxSegmentBytes": MaxSegmentBytes, "DefaultSegmentBytes": DefaultSegmentBytes,
		"MaxBlockBytes": MaxBlockBytes,
	}
	text, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := limitRow.FindAllStringSubmatch(string(text), -1)
	for _, row := range rows {
		if value, _ := strconv.Atoi(row[2]); value != want[row[1]] {
			t.Errorf("%s is said to be %s, it is %d", row[1], row[2], want[row[1]])
		}
	}
	if len(rows) != len(want) {
		t.Errorf("there are %d limits, want %d", len(rows), len(want))
	}
}
