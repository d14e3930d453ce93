package system

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ErrRestart means that a server could not be ended and started again.
var ErrRestart = errors.New("cannot restart")

// Restart ends the server, by SIGKILL or by SIGTERM, and starts it again at the same address
// over the same directory. It returns how long the end took, and how long it was from the new
// start until the server answered PING: one that is still loading answers with an error.
func (s *Server) Restart(ctx context.Context, kill bool) (stopped, ready time.Duration, err error) {
	if s.process == nil {
		return 0, 0, fmt.Errorf("%s: %w: it is remote", s.installation.Name, ErrRestart)
	}
	if err := s.DeathError(); err != nil {
		return 0, 0, err
	}
	begun := time.Now()
	if kill {
		err = s.kill()
	} else {
		err = s.terminate()
	}
	stopped = time.Since(begun)
	if err != nil {
		return stopped, 0, err
	}
	begun = time.Now()
	if err := s.launch(); err != nil {
		return stopped, 0, fmt.Errorf("%s: %w: %w", s.installation.Name, ErrRestart, err)
	}
	if err := s.awaitReady(ctx); err != nil {
		return stopped, 0, fmt.Errorf("%s: %w: %w%s", s.installation.Name, ErrRestart, err, s.lastWords())
	}
	return stopped, time.Since(begun), nil
}

// kill ends the server's whole process group at once.
func (s *Server) kill() error {
	pid := s.PID()
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	select {
	case <-s.exited:
		return nil
	case <-time.After(killTimeout):
		return fmt.Errorf("%s: %w: process %d survived SIGKILL", s.installation.Name, ErrStop, pid)
	}
}

// DiskBytes is what the server's directory takes on disk, as du counts; 0 of a remote one. A
// file that goes away meanwhile counts as nothing.
func (s *Server) DiskBytes() (uint64, error) {
	if s.dir == "" {
		return 0, nil
	}
	var total uint64
	err := filepath.WalkDir(s.dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = entry.Info(); err == nil {
				total += uint64(info.Sys().(*syscall.Stat_t).Blocks) * 512
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return total, err
}

// fileSystems names what data may lie on, by the number statfs(2) gives; what of them has
// no disk behind makes durability cost nothing.
var fileSystems = map[int64]string{
	unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs",
	unix.TMPFS_MAGIC: "tmpfs (no disk)", unix.OVERLAYFS_SUPER_MAGIC: "overlayfs", unix.F2FS_SUPER_MAGIC: "f2fs",
	0x2fc12fc1: "zfs",
}

// fileSystem names the kind the server's directory lies on.
func (s *Server) fileSystem() string {
	var stat unix.Statfs_t
	if s.dir == "" || unix.Statfs(s.dir, &stat) != nil {
		return ""
	}
	if name, known := fileSystems[int64(stat.Type)]; known {
		return name
	}
	return fmt.Sprintf("unknown, %#x", stat.Type)
}

// Promises says whether the server must have all its data after a restart of that kind.
func (s *Server) Promises(kill bool) bool {
	return s.installation.Keeps == KeepsKill || s.installation.Keeps == KeepsStop && !kill
}
