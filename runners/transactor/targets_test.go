package transactor

import "testing"

// targets are the servers every mode is tested against.
func targets(t testing.TB) []target {
	return []target{redisTarget(t)}
}
