// Package tcpcheck compares every packet that a TCP server sends with what the protocol lets it send: checksums, no
// acknowledgement of data that did not arrive, no byte outside the client's window, the same bytes each time
// a segment is sent, timestamps and SACK blocks that fit what the client sent (RFC 9293, 7323, 2018).
//
// A Checker sits where the server's link begins: it is told of each frame just before the server gets it, and of each
// frame that the server sends. Frames that were damaged on their way are told too; what is in them
// did not arrive.
package tcpcheck
