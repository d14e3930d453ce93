// Package system knows the servers under test: how one is found, configured, started,
// waited for, asked about its state, stopped, and seen to be gone. A definition is a
// YAML file in experiments/systems; nothing about a particular server is in this code.
package system
