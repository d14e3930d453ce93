package tables

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	// ErrMarker means that a document's markers are unbalanced, unknown or missing.
	ErrMarker = errors.New("bad marker")
	// ErrStale means that a document shows something other than what the runs give.
	ErrStale = errors.New("results differ from the runs")
)

// marker is a comment alone on its line; a leading slash closes. A name that ends in a
// question mark is of an experiment that the runs need not hold.
var marker = regexp.MustCompile(`^<!-- (/?)results:([a-z0-9._-]+\??) -->$`)

// block is the text between one pair of markers.
type block struct {
	name       string
	start, end int // index of the opening and of the closing line
}

// Fill replaces the text between every pair of markers in a document by what section
// returns for the marker's name. It returns the new document and the names whose text
// changed. Every required name must be there. document is used in errors only.
func Fill(document, text string, section func(name string) (string, error),
	required ...string) (filled string, changed []string, err error) {
	lines := strings.Split(text, "\n")
	blocks, err := findBlocks(document, lines)
	if err != nil {
		return "", nil, err
	}
	for _, name := range required {
		if !slices.ContainsFunc(blocks, func(b block) bool { return b.name == name }) {
			return "", nil, fmt.Errorf("%s: %w: no pair <!-- results:%s --> ... <!-- /results:%[3]s -->",
				document, ErrMarker, name)
		}
	}
	var out []string
	next := 0
	for _, b := range blocks {
		body, err := section(b.name)
		if err != nil {
			return "", nil, fmt.Errorf("%s:%d: marker results:%s: %w", document, b.start+1, b.name, err)
		}
		fresh := strings.Split(strings.TrimRight(body, "\n"), "\n")
		if !slices.Equal(fresh, lines[b.start+1:b.end]) {
			changed = append(changed, b.name)
		}
		out = append(append(out, lines[next:b.start+1]...), fresh...)
		next = b.end
	}
	return strings.Join(append(out, lines[next:]...), "\n"), changed, nil
}

// findBlocks pairs the markers of a document. Lines inside a fenced code block are text.
func findBlocks(document string, lines []string) ([]block, error) {
	var blocks []block
	var open *block
	fenced := false
	for i, line := range lines {
		if open == nil && strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		match := marker.FindStringSubmatch(line)
		if match == nil || fenced {
			continue
		}
		closing, name := match[1] == "/", match[2]
		switch {
		case !closing && open != nil:
			return nil, fmt.Errorf("%s:%d: %w: results:%s opens inside results:%s of line %d",
				document, i+1, ErrMarker, name, open.name, open.start+1)
		case !closing:
			open = &block{name: name, start: i}
		case open == nil || open.name != name:
			return nil, fmt.Errorf("%s:%d: %w: /results:%s closes nothing", document, i+1, ErrMarker, name)
		default:
			open.end = i
			blocks = append(blocks, *open)
			open = nil
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%s:%d: %w: results:%s is never closed",
			document, open.start+1, ErrMarker, open.name)
	}
	return blocks, nil
}
