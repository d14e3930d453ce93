package gate

import (
	"errors"
	"math"
	"testing"

	"bpfdb/runners/run"
)

// measured invents slices: p99 in ns and operations per second of base, its twin and head.
func measured(rounds ...[serverCount][2]float64) []run.Contestant {
	all := make([]run.Contestant, serverCount)
	for _, round := range rounds {
		for i, v := range round {
			all[i].Slices = append(all[i].Slices, run.Slice{Ops: 5000, P99NS: int64(v[0]), ThroughputOps: v[1]})
		}
	}
	for i := range all {
		all[i].EmptyBytes, all[i].LoadedBytes = 1000, 3000
	}
	return all
}

// Head is held against the geometric mean of base's two servers, and they against each other.
func TestBlock(t *testing.T) {
	b, err := newBlock(measured(
		[3][2]float64{{1000, 50}, {4000, 50}, {4000, 25}},
		[3][2]float64{{2000, 100}, {2000, 25}, {2000, 50}},
	))
	if err != nil {
		t.Fatal(err)
	}
	for metric, want := range map[string]Rounds{
		MetricP99:        {[]float64{math.Log(2), 0}, []float64{math.Log(4), 0}},
		MetricThroughput: {[]float64{math.Log(2), 0}, []float64{0, math.Log(4)}},
	} {
		for i := range want.Worse {
			got := b.Metrics[metric]
			if math.Abs(got.Worse[i]-want.Worse[i]) > 1e-12 || math.Abs(got.Equal[i]-want.Equal[i]) > 1e-12 {
				t.Errorf("%s, round %d: %v and %v, want %v and %v", metric, i, got.Worse[i], got.Equal[i],
					want.Worse[i], want.Equal[i])
			}
		}
	}
	if b.Bytes != [2]float64{2000, 2000} || b.BaseP99NS != 2000 || b.BaseOps != 50 || b.Saturated != 0 {
		t.Errorf("block %+v", b)
	}
}

// Whatever is missing or wrong breaks the comparison; it never thins it out.
func TestBlockRefuses(t *testing.T) {
	good := [3][2]float64{{1000, 50}, {1000, 50}, {1000, 50}}
	for name, spoil := range map[string]func([]run.Contestant) []run.Contestant{
		"no servers": func(c []run.Contestant) []run.Contestant { return nil },
		"no twin":    func(c []run.Contestant) []run.Contestant { return c[:2] },
		"no rounds": func(c []run.Contestant) []run.Contestant {
			for i := range c {
				c[i].Slices = nil
			}
			return c
		},
		"a slice missing": func(c []run.Contestant) []run.Contestant {
			c[2].Slices = c[2].Slices[:1]
			return c
		},
		"a slice too short": func(c []run.Contestant) []run.Contestant {
			c[1].Slices[1].Ops = leastLatencies - 1
			return c
		},
		"a p99 of zero": func(c []run.Contestant) []run.Contestant {
			c[0].Slices[0].P99NS = 0
			return c
		},
		"a rate that is no number": func(c []run.Contestant) []run.Contestant {
			c[0].Slices[0].ThroughputOps = math.NaN()
			return c
		},
	} {
		if b, err := newBlock(spoil(measured(good, good))); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: got %+v, %v; want ErrBroken", name, b, err)
		}
	}
}

// Every order occurs equally often, and a seed always gives the same ones.
func TestOrders(t *testing.T) {
	count := map[[3]int]int{}
	again := orders(30, 7)
	for i, order := range orders(30, 7) {
		count[[3]int(order)]++
		if [3]int(again[i]) != [3]int(order) {
			t.Errorf("round %d: %v and %v from one seed", i, order, again[i])
		}
	}
	if len(count) != 6 {
		t.Errorf("%d orders of 6: %v", len(count), count)
	}
	for order, n := range count {
		if n != 5 {
			t.Errorf("%v occurs %d times, want 5", order, n)
		}
	}
}

// A twin that is slower all its life is noise, however steady its rounds are.
func TestNoiseSeesServers(t *testing.T) {
	steady := make([]float64, 30)
	slower := make([]float64, 30)
	for i := range slower {
		slower[i] = math.Log(1.1)
	}
	if got := noise([]Rounds{{Equal: steady}, {Equal: steady}}, 100, 1); got != 0 {
		t.Errorf("equal servers: noise %v, want 0", got)
	}
	got := noise([]Rounds{{Equal: slower}, {Equal: slower}}, 100, 1)
	if math.Abs(got-0.1) > 1e-9 {
		t.Errorf("a tenth apart: noise %v, want 0.1", got)
	}
}

// Blocks that disagree make a wide interval, whatever each is sure of.
func TestIntervalSeesBlocks(t *testing.T) {
	at := func(x float64) Rounds {
		r := Rounds{}
		for range 30 {
			r.Worse = append(r.Worse, x)
		}
		return r
	}
	lo, hi := interval([]Rounds{at(0), at(0.2)}, 0.95, 500, 1)
	if lo != 0 || hi != 0.2 {
		t.Errorf("[%v, %v], want [0, 0.2]", lo, hi)
	}
}
