package server

import (
	"errors"
	"strings"
)

// Path names a way from a connection into the engine, or several joined by "+".
type Path string

// The paths this version has. PathAuto takes local and sockmap, where the kernel allows them.
const (
	PathAuto    Path = "auto"
	PathUser    Path = "user"
	PathSockmap Path = "sockmap" // the server's sockets answer: any client
	PathLocal   Path = "local"   // the client's own send() answers: clients on the same host
	PathWire    Path = "wire"    // request packets are answered where they come in
)

// Paths are the values that Options.Path may have.
func Paths() []Path { return []Path{PathAuto, PathUser, PathSockmap, PathLocal, PathWire} }

// PathNames lists them for people.
func PathNames() string {
	var names []string
	for _, p := range Paths() {
		names = append(names, string(p))
	}
	return strings.Join(names, ", ")
}

// fastPaths says which paths the programs serve. A connection is on one of them, the local one where its client
// allows. The wire path is never with others: its connections would be theirs.
type fastPaths struct{ sockmap, local, wire bool }

// inSockets tells whether programs run in the sockets.
func (f fastPaths) inSockets() bool { return f.sockmap || f.local }

func (f fastPaths) path() Path {
	switch {
	case f.sockmap && f.local:
		return PathLocal + "+" + PathSockmap
	case f.local:
		return PathLocal
	case f.sockmap:
		return PathSockmap
	case f.wire:
		return PathWire
	}
	return PathUser
}

// attempts are the combinations to try, best first. Only PathAuto has a second choice: a kernel that refuses one
// path's programs may take the other's, of which sockmap serves any client.
func (p Path) attempts() []fastPaths {
	switch p {
	case PathAuto:
		return []fastPaths{{sockmap: true, local: true}, {sockmap: true}, {local: true}, {}}
	case PathSockmap:
		return []fastPaths{{sockmap: true}}
	case PathLocal:
		return []fastPaths{{local: true}}
	case PathWire:
		return []fastPaths{{wire: true}}
	}
	return []fastPaths{{}}
}

// openPath opens the first combination that the kernel allows; fallback keeps what was wrong with those before.
func (s *Server) openPath() error {
	var wrong []error
	for _, f := range s.options.Path.attempts() {
		err := s.openFast(f)
		if err == nil {
			s.path, s.fallback = f.path(), errors.Join(wrong...)
			return nil
		}
		wrong = append(wrong, err)
	}
	return wrong[len(wrong)-1]
}
