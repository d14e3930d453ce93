package workloads

import (
	"errors"
	"strings"
	"testing"
)

func TestWithDistribution(t *testing.T) {
	for text, want := range map[string]Spec{
		"uniform":        {Distribution: Uniform},
		"zipfian":        {Distribution: Zipfian, Theta: 0.99},
		"zipfian:0.5":    {Distribution: Zipfian, Theta: 0.5},
		"ycsb-zipfian":   {Distribution: YCSBZipfian, Theta: 0.99},
		"hotspot":        {Distribution: Hotspot, HotKeys: 0.2, HotShare: 0.8},
		"hotspot:10:0.9": {Distribution: Hotspot, HotKeys: 10, HotShare: 0.9},
	} {
		got, err := Spec{Theta: 3, HotKeys: 4}.WithDistribution(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", text, got, err, want)
		}
	}
	for text, part := range map[string]string{
		"uniform:1": "0 parameters", "zipfian:high": `"high"`, "hotspot:1:2:3": "2 parameters", "zipfian:": `""`,
	} {
		if _, err := (Spec{}).WithDistribution(text); !errors.Is(err, ErrSpec) || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: error %v, want it to say %s", text, err, part)
		}
	}
}
