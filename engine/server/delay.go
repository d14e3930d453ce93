//go:build !delay

package server

// delay does nothing; built with the tag delay it makes the server slower (delay_on.go).
func delay() {}
