package mounts

import (
	"reflect"
	"testing"
)

func TestParse(t *testing.T) {
	got, err := parse(`23 1 254:0 / / rw,relatime - ext4 /dev/vda rw
31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 master:1 - tmpfs tmpfs rw,mode=755
41 31 0:38 /inner /sys/fs/cgroup/uni\040fied rw - cgroup2 cgroup2 rw
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []Mount{
		{Root: "/", Point: "/", FSType: "ext4", Source: "/dev/vda"},
		{Root: "/", Point: "/sys/fs/cgroup", FSType: "tmpfs", Source: "tmpfs"},
		{Root: "/inner", Point: "/sys/fs/cgroup/uni fied", FSType: "cgroup2", Source: "cgroup2"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("parse: got %+v, want %+v", got, want)
	}
}

func TestParseRefusesMalformed(t *testing.T) {
	for _, text := range []string{"31 23 0:28 / /sys\n", "31 23 0:28 / - ext4 x rw\n", "garbage\n"} {
		if got, err := parse(text); err == nil {
			t.Errorf("parse(%q): got %+v, want an error", text, got)
		}
	}
}

func TestOfTypeFindsProc(t *testing.T) {
	found, err := OfType("proc")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Error("OfType(proc): none, yet /proc/self/mountinfo was read from one")
	}
}
