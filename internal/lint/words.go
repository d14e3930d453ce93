package lint

import (
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
)

// oldRandom forbids math/rand: its global source and its algorithm make a workload depend on the Go
// release, and streams are compared by hash. math/rand/v2 with a seeded source is the replacement.
func oldRandom(t tree) []finding {
	var found []finding
	for _, f := range t.written(".go") {
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, f.path, f.text, parser.ImportsOnly)
		if err != nil {
			found = append(found, finding{f.path, 0, err.Error()})
			continue
		}
		for _, spec := range parsed.Imports {
			if name, _ := strconv.Unquote(spec.Path.Value); name == "math/rand" {
				line := set.Position(spec.Pos()).Line
				found = append(found, finding{f.path, line, "imports math/rand; use math/rand/v2"})
			}
		}
	}
	return found
}

// maySkip lists the packages that may call Skip themselves, each for one reason. Everything else
// goes through kerneltest.Require, which skips only for a named absence and never in CI.
var maySkip = []string{
	"internal/kerneltest", // decides for all others
	"internal/dialogue",   // no redis-server to compare with; fails in CI itself
	"runners/fleet",       // no sshd; fails in CI itself
	"runners/driver",      // no redis-server, or a comparison that is only run on request
	"runners/host",        // no git
	"runners/perf",        // no perf, which is optional; only its own search can tell
	"runners/system",      // the system under test is not installed, which only its own search can tell
}

var skipCall = regexp.MustCompile(`\b[tb]b?\.Skip(f|Now)?\(`)

// silentSkip forbids skips that could hide a gap.
func silentSkip(t tree) []finding {
	var elsewhere tree
	for _, f := range t.written(".go") {
		if !slices.Contains(maySkip, path.Dir(f.path)) {
			elsewhere = append(elsewhere, f)
		}
	}
	return elsewhere.grep(skipCall, "skips without kerneltest.Require")
}

// The marks are put together here so that this file does not breach its own rule.
var unfinishedMark = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)

// unfinished forbids notes to self: what is left to do is a limitation said in the README, or an
// issue.
func unfinished(t tree) []finding {
	return t.grep(unfinishedMark, "unfinished work")
}

var machinePath = regexp.MustCompile(`(^|[\s"'(=:` + "`" + `])/(work|home|Users|root)/\w[\w./-]*`)

// machinePaths forbids paths that exist on one machine only.
func machinePaths(t tree) []finding {
	return t.grep(machinePath, "path of one machine")
}
