package gate

import (
	"maps"
	"testing"

	"bpfdb/internal/kerneltest"
)

// The same objects on the same kernel cost the verifier the same: that is what makes this
// gate exact.
func TestProgramInstructions(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	first, err := programInstructions("../..")
	if err != nil {
		t.Fatal(err)
	}
	second, err := programInstructions("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(first) < 5 || first["engine/bpfdb_serve"] < 1000 || !maps.Equal(first, second) {
		t.Errorf("got %v, then %v", first, second)
	}
	if counts, err := programInstructions(t.TempDir()); err == nil {
		t.Errorf("a tree without objects gives %v", counts)
	}
}
