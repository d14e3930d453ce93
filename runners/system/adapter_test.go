package system_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bpfdb/runners/system"
)

// standIn is NOT Dragonfly: it takes the options that dragonfly.yaml gives and starts a
// redis-server in its place. It shows that the definition is a command line somebody could
// implement and that everything around it works; nothing measured with it is Dragonfly's.
const standIn = `#!/bin/sh
[ "$1" = --version ] && { echo "stand-in for dragonfly (redis-server)"; exit; }
for option; do
	case "$option" in
	--bind=* | --port=* | --dir=*) set -- "$@" "${option%%=*}" "${option#*=}" ;;
	--maxmemory=*GiB) gib="${option#*=}"; set -- "$@" --maxmemory "${gib%GiB}gb" ;;
	--dbfilename= | --snapshot_cron= | --proactor_threads=[0-9]* | --alsologtostderr) ;;
	*) echo "stand-in: unknown option $option" >&2; exit 2 ;;
	esac
	shift
done
exec REDIS --save "" --appendonly no "$@"
`

// TestDragonflyDefinition runs the definition of Dragonfly with a redis-server as stand-in,
// named by the variable that names the real one.
func TestDragonflyDefinition(t *testing.T) {
	redis, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("redis-server is not installed, which CI=true does not excuse")
		}
		t.Skip("redis-server is not installed")
	}
	script := filepath.Join(t.TempDir(), "stand-in")
	if err := os.WriteFile(script, []byte(strings.Replace(standIn, "REDIS", redis, 1)), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DRAGONFLY", script)
	lifeCycle(t, "dragonfly", "stand-in for dragonfly (redis-server)", "8589934592")
}

// lifeCycle finds, starts, asks and stops a system we ship.
func lifeCycle(t *testing.T, name, version, maxmemory string) {
	t.Helper()
	d, err := system.Read("../../experiments/systems", name)
	if err != nil {
		t.Fatal(err)
	}
	in, err := d.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if in.VersionFound != version {
		t.Errorf("version %q, want %q", in.VersionFound, version)
	}
	s, err := in.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fill(t, s.Addr)
	if count, err := s.KeyCount(t.Context()); err != nil || count != 10 {
		t.Errorf("%d keys, %v, want 10", count, err)
	}
	seen := s.Observe(t.Context())
	if seen["redis_version"] == "" || seen["config maxmemory"] != maxmemory || seen["config appendonly"] != "no" {
		t.Errorf("observed %v", seen)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

// TestRedisFamily runs the definitions of the servers that descend from Redis where they are
// installed, and says so where they are not.
func TestRedisFamily(t *testing.T) {
	for _, name := range []string{"redis", "valkey", "keydb"} {
		t.Run(name, func(t *testing.T) {
			in := installed(t, name, name == "redis")
			lifeCycle(t, name, in.VersionFound, "8589934592")
		})
	}
}
