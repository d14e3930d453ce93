// Package units writes measured quantities for people: three significant digits, the
// prefix that fits, the same spelling in every figure and table.
package units

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Rate writes operations per second: 1234567 is "1.23 M".
func Rate(ops float64) string { return scaled(ops, 1000, "", " k", " M", " G") }

// Count writes a number of things. Thousands go without a fraction where there is none:
// 100000 is "100 k", 50 is "50".
func Count(n float64) string { return Trim(scaled(n, 1000, "", " k", " M", " G")) }

// Duration writes nanoseconds: 61700 is "61.7 µs".
func Duration(ns float64) string { return scaled(ns, 1000, " ns", " µs", " ms", " s") }

// Bytes writes a size in powers of 1024: 65536 is "64 KiB", 1000 is "1000 B".
func Bytes(n float64) string {
	if n < 1024 {
		return strconv.FormatFloat(n, 'f', -1, 64) + " B"
	}
	return Trim(scaled(n/1024, 1024, " KiB", " MiB", " GiB"))
}

// Ratio writes how many times one thing is another: 1.5 is "1.50×".
func Ratio(r float64) string { return Digits(r) + "×" }

// Percent writes a share: 0.125 is "12.5 %".
func Percent(share float64) string { return Digits(100*share) + " %" }

// Digits writes x with three significant digits and no exponent; whole parts of more
// than three digits are kept whole. What is not a number is "–".
func Digits(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "–"
	}
	decimals := 0
	for limit := 100.0; decimals < 3 && math.Abs(x) < limit && x != 0; limit /= 10 {
		decimals++
	}
	if decimals == 3 {
		decimals = 2 // below 0.1 the second decimal is the last that says anything here
	}
	return strconv.FormatFloat(x, 'f', decimals, 64)
}

func scaled(x, step float64, suffixes ...string) string {
	last := len(suffixes) - 1
	i := 0
	// 999.6 would print as 1000: move to the next prefix where rounding gets there.
	for i < last && math.Abs(x) >= step-0.5 {
		x /= step
		i++
	}
	return Digits(x) + suffixes[i]
}

// Trim drops the zeros that end a fraction: "50.0 k" is "50 k".
func Trim(text string) string {
	number, suffix, _ := strings.Cut(text, " ")
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	if suffix == "" {
		return number
	}
	return fmt.Sprintf("%s %s", number, suffix)
}
