package lint

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// paperCoversExperiments keeps every experiment in the paper: a spec whose figure is cited nowhere
// is dead, or a claim is missing.
func paperCoversExperiments(t tree) []finding {
	paper := t.get("PAPER.md")
	var found []finding
	for _, f := range t.written(".yaml") {
		if path.Dir(f.path) != "experiments" {
			continue
		}
		name := strings.TrimSuffix(path.Base(f.path), ".yaml")
		if !regexp.MustCompile(`(fig-|experiments/)` + regexp.QuoteMeta(name) + `\b`).MatchString(paper) {
			found = append(found, finding{f.path, 0, "PAPER.md names neither fig-" + name + " nor its path"})
		}
	}
	return found
}

var (
	makeCommand = regexp.MustCompile("(?m)(?:^|`|sudo )make ([a-zA-Z][\\w-]*)")
	makeTarget  = regexp.MustCompile(`(?m)^([a-zA-Z][\w%-]*):(.*)$`)
	experiment  = regexp.MustCompile(`^experiments/([\w-]+)\.yaml$`)
)

// promisedTargets checks that each `make X` the documents tell a reader to type exists; fig-NAME
// exists when its experiment does. NAME itself stands for any.
func promisedTargets(t tree) []finding {
	known := map[string]bool{"fig-NAME": true}
	for _, match := range makeTarget.FindAllStringSubmatch(t.get("Makefile"), -1) {
		known[match[1]] = true
	}
	for _, f := range t {
		if match := experiment.FindStringSubmatch(f.path); match != nil && known["fig-%"] {
			known["fig-"+match[1]] = true
		}
	}
	var found []finding
	for _, f := range t.written(".md") {
		for _, match := range makeCommand.FindAllStringSubmatch(f.text, -1) {
			if !known[match[1]] {
				what := fmt.Sprintf("tells to run make %s, which the Makefile lacks", match[1])
				found = append(found, finding{f.path, 0, what})
			}
		}
	}
	return found
}

// describedTargets keeps `make help` complete: a target without a description is not listed.
func describedTargets(t tree) []finding {
	var found []finding
	for _, match := range makeTarget.FindAllStringSubmatch(t.get("Makefile"), -1) {
		if !strings.Contains(match[2], "## ") && !strings.HasPrefix(match[2], "=") {
			found = append(found, finding{"Makefile", 0, "target " + match[1] + " has no ## description"})
		}
	}
	return found
}
