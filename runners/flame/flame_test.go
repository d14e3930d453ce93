package flame_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"math"
	"strconv"
	"strings"
	"testing"

	"bpfdb/runners/flame"
)

// script has every kind of line: call chains through kernel and BPF program, symbols with blanks
// and semicolons, a file that is gone, a symbol nobody knows, a sample without a call chain.
const script = `
server with blanks 
	ffffffffc0001234 bpf_prog_0123456789abcdef_verdict (bpf_prog_0123456789abcdef_verdict)
	ffffffff81000020 tcp_recv ([kernel.kallsyms])
	          401000 main.(*conn).serve[go.shape.[]uint8;x] (/somewhere/bin/server (deleted))

server with blanks 
	ffffffff81000020 tcp_recv ([kernel.kallsyms])
	          401000 main.(*conn).serve[go.shape.[]uint8;x] (/somewhere/bin/server (deleted))

swapper 
	ffffffff81000099 halt ([kernel.kallsyms])

swapper 
	ffffffff81000020 tcp_recv ([kernel.kallsyms])
	ffffffff81000021 handle_softirqs ([kernel.kallsyms])

client 
	    7f0000001000 [unknown] (/usr/lib/libx.so.6)
	          402000 f(int) (.constprop.0) (/bin/client)

client     7f0000001000 [unknown] (/usr/lib/libx.so.6)
`

func fold(t *testing.T) flame.Stacks {
	t.Helper()
	stacks, err := flame.Fold(strings.NewReader(script))
	if err != nil {
		t.Fatal(err)
	}
	return stacks
}

func TestFold(t *testing.T) {
	want := flame.Stacks{
		"server with blanks;main.(*conn).serve[go.shape.[]uint8:x];tcp_recv_[k];verdict_[bpf]": 1,
		"server with blanks;main.(*conn).serve[go.shape.[]uint8:x];tcp_recv_[k]":               1,
		"swapper;halt_[k]":                         1,
		"swapper;handle_softirqs_[k];tcp_recv_[k]": 1,
		"client;f(int) (.constprop.0);[libx.so.6]": 1,
		"client;[libx.so.6]":                       1,
	}
	got := fold(t)
	if !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	var text bytes.Buffer
	if err := got.Write(&text); err != nil || strings.Count(text.String(), " 1\n") != len(want) {
		t.Errorf("%v, written as\n%s", err, text.String())
	}
	shares := flame.Shares{Samples: 6, Idle: 1, Kernel: 2, BPF: 1, User: 2}
	if got.Shares() != shares {
		t.Errorf("shares %+v, want %+v", got.Shares(), shares)
	}
}

func TestFoldRefuses(t *testing.T) {
	_, err := flame.Fold(strings.NewReader("server \n\tffffffff81000020 tcp_recv\n"))
	if !errors.Is(err, flame.ErrScript) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a frame without a file: %v, want ErrScript in line 2", err)
	}
}

// rect is a frame as drawn.
type rect struct{ x, y, width float64 }

// frames reads the drawing as XML, all of it, and finds the frames by the names they show.
func frames(t *testing.T, drawing io.Reader) map[string]rect {
	t.Helper()
	found := map[string]rect{}
	name := ""
	for decoder := xml.NewDecoder(drawing); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		element, isStart := token.(xml.StartElement)
		switch {
		case isStart && element.Name.Local == "title":
			if err := decoder.DecodeElement(&name, &element); err != nil {
				t.Fatal(err)
			}
		case isStart && element.Name.Local == "rect" && name != "":
			values := map[string]float64{}
			for _, attribute := range element.Attr {
				values[attribute.Name.Local], _ = strconv.ParseFloat(attribute.Value, 64)
			}
			found[name] = rect{values["x"], values["y"], values["width"]}
		}
	}
}

func TestDraw(t *testing.T) {
	stacks := flame.Stacks{"a;b<&>\"_[k]": 30, "a;c": 10, "d;\x01": 60}
	var drawing bytes.Buffer
	if err := flame.Draw(&drawing, "a < b & c", stacks); err != nil {
		t.Fatal(err)
	}
	got := frames(t, &drawing)
	all := got["all: 100 samples, 100.00 %"]
	a, b := got["a: 40 samples, 40.00 %"], got["b<&>\"_[k]: 30 samples, 30.00 %"]
	for name, c := range map[string]struct {
		r, under rect
		share    float64
	}{
		"a": {a, all, 0.4}, "b": {b, a, 0.3}, "c": {got["c: 10 samples, 10.00 %"], a, 0.1},
		"d": {got["d: 60 samples, 60.00 %"], all, 0.6},
	} {
		inside := c.r.x >= c.under.x-0.01 && c.r.x+c.r.width <= c.under.x+c.under.width+0.02
		if math.Abs(c.r.width-c.share*all.width) > 0.01 || !inside || c.r.y >= c.under.y {
			t.Errorf("%s is %+v on %+v, want a width of %v", name, c.r, c.under, c.share*all.width)
		}
	}
	if all.width == 0 || len(got) != 6 {
		t.Errorf("%d frames: %v", len(got), got)
	}
}

// What is too narrow to be seen is left out, and what stands beside it stays where it is.
func TestDrawLeavesOut(t *testing.T) {
	var drawing bytes.Buffer
	if err := flame.Draw(&drawing, "", flame.Stacks{"a;b": 1, "c": 1_000_000}); err != nil {
		t.Fatal(err)
	}
	if got := frames(t, &drawing); len(got) != 2 {
		t.Errorf("%v, want all and c", got)
	}
	if err := flame.Draw(io.Discard, "", nil); !errors.Is(err, flame.ErrEmpty) {
		t.Errorf("nothing drawn: %v", err)
	}
}
