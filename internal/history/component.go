package history

// components returns the strongly connected parts, of more than one node, of the graph of some kinds of edges
// (Tarjan, 1972), without recursion: a history of a hundred thousand transactions may be one long path.
func (c *checker) components(kinds kind) (parts [][]int) {
	t := tarjan{
		checker: c, kinds: kinds,
		index: make([]int, len(c.edges)), low: make([]int, len(c.edges)), open: make([]bool, len(c.edges)),
	}
	for node := range c.edges {
		if t.index[node] == 0 {
			t.visit(node)
		}
	}
	return t.parts
}

type tarjan struct {
	*checker
	kinds      kind
	index, low []int // 0 = not visited
	open       []bool
	stack      []int
	visited    int
	parts      [][]int
}

// frame is a node being visited, and the next of its edges to follow.
type frame struct{ node, next int }

func (t *tarjan) enter(node int) frame {
	t.visited++
	t.index[node], t.low[node] = t.visited, t.visited
	t.stack = append(t.stack, node)
	t.open[node] = true
	return frame{node: node}
}

func (t *tarjan) visit(root int) {
	path := []frame{t.enter(root)}
	for len(path) > 0 {
		f := &path[len(path)-1]
		if f.next == len(t.edges[f.node]) {
			done := f.node
			if t.low[done] == t.index[done] {
				t.leave(done)
			}
			if path = path[:len(path)-1]; len(path) > 0 {
				above := path[len(path)-1].node
				t.low[above] = min(t.low[above], t.low[done])
			}
			continue
		}
		e := t.edges[f.node][f.next]
		f.next++
		switch {
		case e.kind&t.kinds == 0:
		case t.index[e.to] == 0:
			path = append(path, t.enter(e.to))
		case t.open[e.to]:
			t.low[f.node] = min(t.low[f.node], t.index[e.to])
		}
	}
}

// leave takes the part that ends at root off the stack.
func (t *tarjan) leave(root int) {
	at := len(t.stack) - 1
	for t.stack[at] != root {
		at--
	}
	for _, node := range t.stack[at:] {
		t.open[node] = false
	}
	if len(t.stack)-at > 1 {
		t.parts = append(t.parts, append([]int{}, t.stack[at:]...))
	}
	t.stack = t.stack[:at]
}
