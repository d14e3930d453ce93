// Package history checks what concurrent clients recorded: histories of single operators on registers for
// linearizability, and histories of transactions on append-only lists for strict serializability.
package history
