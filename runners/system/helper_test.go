package system_test

import (
	"os"
	"testing"

	"bpfdb/runners/system"
	"bpfdb/runners/system/systemtest"
)

func TestMain(m *testing.M) {
	systemtest.Main()
	os.Exit(m.Run())
}

func fake(t *testing.T, behaviour string) system.Installation {
	t.Helper()
	in, err := systemtest.Definition("fake", behaviour).Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return in
}
