package engine

import (
	"testing"

	"github.com/cilium/ebpf"
)

//go:generate go tool bpf2go -go-package engine -tags linux -target amd64 -output-suffix _test -no-global-types serveHooks ../bpf/testdata/serve_hooks.bpf.c

// verifierBudget is the most instructions the verifier walks for one program.
const verifierBudget = 1_000_000

// TestServeHooks loads serve() in every program type that a path uses or may use.
func TestServeHooks(t *testing.T) {
	db := openTest(t)
	for _, name := range []string{"serve_sk_skb", "serve_sk_msg", "serve_tc", "serve_xdp"} {
		spec, err := loadServeHooks()
		if err != nil {
			t.Fatal(err)
		}
		for other := range spec.Programs {
			if other != name {
				delete(spec.Programs, other)
			}
		}
		coll, err := ebpf.NewCollectionWithOptions(spec, db.CollectionOptions(spec))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		info, err := coll.Programs[name].Info()
		if err != nil {
			t.Fatal(err)
		}
		if n, ok := info.VerifiedInstructions(); ok {
			t.Logf("%s: %d instructions verified", name, n)
			// A fifth in reserve: other compilers and kernels count a little differently.
			if n > verifierBudget*4/5 {
				t.Errorf("%s: %d instructions verified, near the kernel's limit", name, n)
			}
		}
		coll.Close()
	}
}
