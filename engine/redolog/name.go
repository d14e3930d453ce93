package redolog

import (
	"fmt"
	"strconv"
	"strings"
)

// Names in the directory. What ends in temporarySuffix was not finished and means nothing; what ends in
// setAsideSuffix was taken out of the log by a repair.
const (
	lockName        = "LOCK"
	temporarySuffix = ".tmp"
	setAsideSuffix  = ".cut"
)

func segmentName(number uint64) string { return fmt.Sprintf("redo-%010d.log", number) }

func checkpointName(lsn uint64) string { return fmt.Sprintf("checkpoint-%020d.db", lsn) }

// parseName returns the number in a name of the form prefix, number, suffix. Names we would write otherwise are
// not ours.
func parseName(name string, format func(uint64) string) (number uint64, ok bool) {
	digits := strings.TrimFunc(name, func(r rune) bool { return r < '0' || r > '9' })
	number, err := strconv.ParseUint(digits, 10, 64)
	return number, err == nil && format(number) == name
}
