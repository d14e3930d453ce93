// Package mounts answers where a filesystem type is mounted for this process.
//
// The well-known paths are only conventions: on a hybrid cgroup machine cgroup2 is not at
// /sys/fs/cgroup, and bpffs may be mounted anywhere or nowhere.
// Format: proc_pid_mountinfo(5).
package mounts

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Mount is one line of mountinfo, reduced to what callers here need.
type Mount struct {
	Root   string // path inside the mounted filesystem that forms the root of this mount
	Point  string // mount point as this process sees it
	FSType string // filesystem type as the kernel names it
	Source string // what the mounter gave as its source
}

// OfType lists the mounts of one filesystem type, in the kernel's order. No mount is no error.
func OfType(fsType string) ([]Mount, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("list mounts of %s: %w", fsType, err)
	}
	all, err := parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("list mounts of %s: %w", fsType, err)
	}
	var found []Mount
	for _, m := range all {
		if m.FSType == fsType {
			found = append(found, m)
		}
	}
	return found, nil
}

func parse(mountinfo string) ([]Mount, error) {
	var all []Mount
	for line := range strings.Lines(mountinfo) {
		// A variable number of optional fields ends at " - ", after which the type comes first.
		before, after, ok := strings.Cut(strings.TrimSpace(line), " - ")
		fields, typed := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 6 || len(typed) < 2 {
			return nil, fmt.Errorf("malformed mountinfo line %q", line)
		}
		all = append(all, Mount{
			Root: unescape(fields[3]), Point: unescape(fields[4]), FSType: typed[0], Source: unescape(typed[1]),
		})
	}
	return all, nil
}

// unescape undoes the kernel's \ooo octal escapes of blanks, newlines and backslashes.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
