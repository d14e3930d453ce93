package lint

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"unicode/utf8"
)

const (
	maxFileLines     = 500
	maxFunctionLines = 80
	maxLineColumns   = 120
	tabColumns       = 4
)

// fileLength keeps one idea per file: what is longer has grown a second one.
func fileLength(t tree) []finding {
	var found []finding
	for _, f := range t.written(".go", ".c", ".h") {
		if n := strings.Count(f.text, "\n"); n > maxFileLines {
			found = append(found, finding{f.path, 0, fmt.Sprintf("%d lines, limit %d", n, maxFileLines)})
		}
	}
	return found
}

// lineLength keeps source readable side by side. A tab counts tabColumns; a directive to the
// toolchain cannot be broken into lines.
func lineLength(t tree) []finding {
	var found []finding
	for _, f := range t.written(".go", ".c", ".h") {
		number := 0
		for line := range strings.Lines(f.text) {
			number++
			columns := utf8.RuneCountInString(strings.TrimRight(line, "\n")) +
				strings.Count(line, "\t")*(tabColumns-1)
			if columns > maxLineColumns && !strings.HasPrefix(line, "//go:") {
				what := fmt.Sprintf("%d columns, limit %d", columns, maxLineColumns)
				found = append(found, finding{f.path, number, what})
			}
		}
	}
	return found
}

// functionLength keeps a function on a screen, so that its ends are seen together.
func functionLength(t tree) []finding {
	var found []finding
	for _, f := range t.written(".go") {
		found = append(found, longGoFunctions(f)...)
	}
	for _, f := range t.written(".c", ".h") {
		found = append(found, longCFunctions(f)...)
	}
	return found
}

func longGoFunctions(f file) []finding {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, f.path, f.text, parser.SkipObjectResolution)
	if err != nil {
		return []finding{{f.path, 0, err.Error()}}
	}
	var found []finding
	for _, decl := range parsed.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		first, last := set.Position(fn.Pos()).Line, set.Position(fn.End()).Line
		found = append(found, tooLong(f.path, fn.Name.Name, first, last)...)
	}
	return found
}

// longCFunctions relies on the project's C format: the brace opening a function's body is alone in
// the first column, as is the one closing it.
func longCFunctions(f file) []finding {
	var found []finding
	signature, first := "", 0
	lines := strings.Split(f.text, "\n")
	for i, line := range lines {
		switch {
		case line == "{" && i > 0:
			signature, first = strings.TrimSpace(lines[i-1]), i
		case line == "}" && first > 0:
			found = append(found, tooLong(f.path, signature, first, i+1)...)
			first = 0
		}
	}
	return found
}

func tooLong(path, name string, first, last int) []finding {
	n := last - first + 1
	if n <= maxFunctionLines {
		return nil
	}
	what := fmt.Sprintf("%s has %d lines, limit %d", name, n, maxFunctionLines)
	return []finding{{path, first, what}}
}
