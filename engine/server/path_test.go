package server

import (
	"slices"
	"testing"
)

// Whatever the kernel refuses, auto comes to what is left; a path that was named is the only one tried.
func TestAttempts(t *testing.T) {
	for path, want := range map[Path][]Path{
		PathAuto:    {PathLocal + "+" + PathSockmap, PathSockmap, PathLocal, PathUser},
		PathSockmap: {PathSockmap},
		PathLocal:   {PathLocal},
		PathWire:    {PathWire},
		PathUser:    {PathUser},
	} {
		var got []Path
		for _, f := range path.attempts() {
			got = append(got, f.path())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s tries %q, want %q", path, got, want)
		}
	}
}
