// Package oracle has clients that write to a server that may be killed, or whose disk may fail, at any moment, and
// that know afterwards what must be there.
//
// Every client alone writes its own keys, in single commands and in transactions of every kind, so that all its
// keys together have one state after each of its requests. After a restart they must be in the state after some
// request at or behind the last one whose reply had to be lasting, and not behind the last one sent: then nothing
// acknowledged is lost, nothing refused appears, and no transaction is torn. Meanwhile every read must find the
// present state. Beside these all clients move money between shared accounts, whose sum stays the same, and now
// and then one of them removes everything.
package oracle
