package fleet

import (
	"fmt"

	"bpfdb/runners/driver"
	"bpfdb/workloads"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// order is what a member is told: first a load, then any number of times to say what its
// clock shows, then when to start.
type order struct {
	Load    *driver.Config `json:"load,omitempty"`
	Clock   bool           `json:"clock,omitempty"`
	StartNS int64          `json:"start_ns,omitempty"` // Unix time on the member's clock
}

// report is what a member says: that it is ready, its clock, and the end.
type report struct {
	Ready   bool     `json:"ready,omitempty"`
	ClockNS int64    `json:"clock_ns,omitempty"`
	Result  *outcome `json:"result,omitempty"`
	Error   string   `json:"error,omitempty"`
}

// outcome is a driver.Result with its histograms in HdrHistogram's compressed encoding (V2).
type outcome struct {
	Plain   driver.Result    `json:"plain"` // without histograms
	All     string           `json:"all"`
	Latency []encodedSeries  `json:"latency"`
	Open    *encodedOpenLoop `json:"open,omitempty"`
	Windows []encodedWindow  `json:"windows,omitempty"`
}

type encodedSeries struct {
	Kind workloads.Kind    `json:"kind"`
	Txn  workloads.TxnKind `json:"txn,omitempty"`
	Hist string            `json:"hist"`
}

type encodedOpenLoop struct {
	Service []encodedSeries `json:"service"`
	All     string          `json:"all"`
	Lag     string          `json:"lag"`
	Held    uint64          `json:"held"`
}

type encodedWindow struct {
	Ops  uint64 `json:"ops"`
	Hist string `json:"hist,omitempty"`
}

// codec encodes and decodes histograms and keeps the first error.
type codec struct{ err error }

func (c *codec) encode(h *hdrhistogram.Histogram) string {
	if h == nil || c.err != nil {
		return ""
	}
	text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	c.err = err
	return string(text)
}

func (c *codec) decode(text string) *hdrhistogram.Histogram {
	if c.err != nil {
		return nil
	}
	h, err := hdrhistogram.Decode([]byte(text))
	c.err = err
	return h
}

func (c *codec) encodeSeries(all []driver.Series) []encodedSeries {
	encoded := make([]encodedSeries, len(all))
	for i, s := range all {
		encoded[i] = encodedSeries{s.Kind, s.Txn, c.encode(s.Hist)}
	}
	return encoded
}

func (c *codec) decodeSeries(all []encodedSeries) []driver.Series {
	decoded := make([]driver.Series, len(all))
	for i, s := range all {
		decoded[i] = driver.Series{Kind: s.Kind, Txn: s.Txn, Hist: c.decode(s.Hist)}
	}
	return decoded
}

func encode(r *driver.Result) (*outcome, error) {
	var c codec
	o := &outcome{Plain: *r, All: c.encode(r.All), Latency: c.encodeSeries(r.Latency)}
	if r.Open != nil {
		o.Open = &encodedOpenLoop{Service: c.encodeSeries(r.Open.Service), All: c.encode(r.Open.All),
			Lag: c.encode(r.Open.Lag), Held: r.Open.Held}
	}
	for _, w := range r.Windows {
		o.Windows = append(o.Windows, encodedWindow{w.Ops, c.encode(w.Hist)})
	}
	o.Plain.All, o.Plain.Latency, o.Plain.Open, o.Plain.Windows = nil, nil, nil, nil
	if c.err != nil {
		return nil, fmt.Errorf("encode histograms: %w", c.err)
	}
	return o, nil
}

func decode(o *outcome) (*driver.Result, error) {
	var c codec
	r := o.Plain
	r.All, r.Latency = c.decode(o.All), c.decodeSeries(o.Latency)
	if o.Open != nil {
		r.Open = &driver.OpenLoop{Service: c.decodeSeries(o.Open.Service), All: c.decode(o.Open.All),
			Lag: c.decode(o.Open.Lag), Held: o.Open.Held}
	}
	for _, w := range o.Windows {
		window := driver.Window{Ops: w.Ops}
		if w.Hist != "" {
			window.Hist = c.decode(w.Hist)
		}
		r.Windows = append(r.Windows, window)
	}
	if c.err != nil {
		return nil, fmt.Errorf("decode histograms: %w", c.err)
	}
	return &r, nil
}
