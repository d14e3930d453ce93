// Package server answers Redis clients from the kernel-resident engine.
//
// Two paths lead from a TCP connection into the engine. On the user path an event loop reads requests
// into a work area and has a SYSCALL program execute them. On the sockmap path programs
// attached to the sockets execute requests where TCP delivers them, and user space sees only what
// those programs pass up. Both run the same parser and command table, so a connection may change
// hands between any two requests.
//
// Every connection belongs to one event loop, which alone touches it: there are no locks per connection.
package server
