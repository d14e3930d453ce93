// Package lint holds the project's style rules as tests over the source tree. A rule that is not
// executable is a wish; each here says what it guards against.
package lint

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// file is one text file of the repository.
type file struct {
	path      string // slash-separated, from the repository's root
	text      string
	generated bool
}

// tree is the repository as the rules see it, in lexical order.
type tree []file

// finding is one breach of a rule. Line 0 means the file as a whole.
type finding struct {
	path string
	line int
	what string
}

func (f finding) String() string {
	if f.line == 0 {
		return fmt.Sprintf("%s: %s", f.path, f.what)
	}
	return fmt.Sprintf("%s:%d: %s", f.path, f.line, f.what)
}

// generatedMark is the comment by which Go tools recognise generated files (go help generate).
var generatedMark = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// ignoredDirs hold no source: what git keeps, what builds and runs leave, and test inputs.
var ignoredDirs = map[string]bool{".git": true, "bin": true, "results/local": true}

func readTree(root fs.FS) (tree, error) {
	var all tree
	err := fs.WalkDir(root, ".", func(p string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (ignoredDirs[p] || path.Base(p) == "testdata"):
			return fs.SkipDir
		case !entry.Type().IsRegular() || !isText(p):
			return nil
		}
		text, err := fs.ReadFile(root, p)
		if err != nil {
			return err
		}
		all = append(all, file{p, string(text), generatedMark.Match(text)})
		return nil
	})
	return all, err
}

func isText(p string) bool {
	switch path.Ext(p) {
	case ".go", ".c", ".h", ".md", ".yaml", ".yml":
		return true
	}
	return path.Base(p) == "Makefile" || path.Dir(p) == "scripts" || path.Dir(p) == ".ci"
}

// written is the files that people write and edit, of the given extensions.
func (t tree) written(extensions ...string) tree {
	var found tree
	for _, f := range t {
		for _, ext := range extensions {
			if !f.generated && path.Ext(f.path) == ext {
				found = append(found, f)
			}
		}
	}
	return found
}

// get returns the text of one file, "" where there is none.
func (t tree) get(path string) string {
	for _, f := range t {
		if f.path == path {
			return f.text
		}
	}
	return ""
}

// grep reports every line of the files that matches.
func (t tree) grep(pattern *regexp.Regexp, what string) []finding {
	var found []finding
	for _, f := range t {
		number := 0
		for line := range strings.Lines(f.text) {
			number++
			if match := pattern.FindString(line); match != "" {
				found = append(found, finding{f.path, number, fmt.Sprintf("%s: %q", what, match)})
			}
		}
	}
	return found
}
