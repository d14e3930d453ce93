package main

import (
	"errors"
	"math/bits"
	"strconv"
	"strings"
)

var errBytes = errors.New("must be a number with an optional unit: B, KiB, MiB, GiB or TiB")

// parseBytes reads a size such as 512MiB.
func parseBytes(text string) (uint64, error) {
	number := strings.TrimRight(text, "BKMGTibkmgt")
	unit, ok := map[string]uint64{
		"": 1, "b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
	}[strings.ToLower(text[len(number):])]
	n, err := strconv.ParseUint(number, 10, 64)
	if !ok || err != nil {
		return 0, errBytes
	}
	overflow, product := bits.Mul64(n, unit)
	if overflow != 0 {
		return 0, errBytes
	}
	return product, nil
}
