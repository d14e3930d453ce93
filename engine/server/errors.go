package server

import "errors"

var (
	// ErrPath says that the path asked for by name cannot be used here; the message names the reason.
	ErrPath = errors.New("path not available")
	// ErrAddress says that the listening address means nothing.
	ErrAddress = errors.New("invalid listening address")
)

// errClose ends a connection without being a fault: the client left, or said QUIT.
var errClose = errors.New("connection is to be closed")
