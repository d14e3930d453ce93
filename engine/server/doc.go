// Package server answers Redis clients from the kernel-resident engine.
//
// Three paths lead from a TCP connection into the engine. On the user path an event loop reads requests
// into a work area and has a SYSCALL program execute them. On the sockmap path programs
// attached to the server's sockets execute requests where TCP delivers them. On the local path, for clients on the
// same host, a program attached to the client's socket executes them in its send() and puts the replies into its
// receive queue. User space sees only what those programs pass up. All run the same parser and command table, so a
// connection may change hands between any two requests.
//
// Every connection belongs to one event loop, which alone touches it: there are no locks per connection.
package server
