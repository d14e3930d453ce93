package workloads

import (
	"fmt"
	"strconv"
	"strings"
)

// WithDistribution returns the spec with the distribution of keys that a text names, with
// its parameters after colons: uniform, zipfian:THETA, ycsb-zipfian, hotspot:KEYS:SHARE,
// where KEYS below 1 is a share of all keys. Zipfian without a parameter has YCSB's 0.99,
// hotspot the fifth of the keys with four fifths of the operations. The result may
// still fail Validate.
func (s Spec) WithDistribution(text string) (Spec, error) {
	words := strings.Split(text, ":")
	s.Distribution, s.Theta, s.HotKeys, s.HotShare = words[0], 0, 0, 0
	var parameters []*float64
	switch s.Distribution {
	case Zipfian:
		s.Theta = YCSBTheta
		parameters = []*float64{&s.Theta}
	case YCSBZipfian:
		s.Theta = YCSBTheta
	case Hotspot:
		s.HotKeys, s.HotShare = 0.2, 0.8
		parameters = []*float64{&s.HotKeys, &s.HotShare}
	}
	if len(words)-1 > len(parameters) {
		return s, s.bad("distribution", strconv.Quote(text),
			fmt.Sprintf("%s takes %d parameters", s.Distribution, len(parameters)))
	}
	for i, word := range words[1:] {
		value, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return s, s.bad("distribution", strconv.Quote(text), fmt.Sprintf("%q is not a number", word))
		}
		*parameters[i] = value
	}
	return s, nil
}
