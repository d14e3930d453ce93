package flame

import (
	"maps"
	"slices"
	"strings"
)

// node is a frame with all samples in which it stands on the same frames.
type node struct {
	name     string
	samples  uint64 // in it and in what it called
	children map[string]*node
}

// tree merges the stacks from the outermost frame on.
func tree(stacks Stacks) *node {
	root := &node{name: "all", children: map[string]*node{}}
	for stack, count := range stacks {
		root.samples += count
		at := root
		for name := range strings.SplitSeq(stack, separator) {
			child := at.children[name]
			if child == nil {
				child = &node{name: name, children: map[string]*node{}}
				at.children[name] = child
			}
			child.samples += count
			at = child
		}
	}
	return root
}

// box is a drawn frame. Positions are in samples from the left, levels from the bottom.
type box struct {
	name          string
	level         int
	from, samples uint64
}

// boxes lays a tree out, children in the order of their names, so that two profiles of one program
// look alike. Frames with fewer samples than least are left out with all that stands on them.
func boxes(root *node, least uint64) []box {
	all := []box{{name: root.name, samples: root.samples}}
	var place func(n *node, parent box)
	place = func(n *node, parent box) {
		from := parent.from
		for _, name := range slices.Sorted(maps.Keys(n.children)) {
			child := n.children[name]
			if child.samples >= least {
				b := box{name: child.name, level: parent.level + 1, from: from, samples: child.samples}
				all = append(all, b)
				place(child, b)
			}
			from += child.samples
		}
	}
	place(root, all[0])
	return all
}
