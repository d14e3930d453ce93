// Package dialogue plays conversations with a server of the Redis protocol and compares every byte of its
// replies: with a file that says what must come back, or with the model in engine/model.
//
// A dialogue file is a list of lines, each for the connection named before its mark (or the one without a
// name), which opens when first named:
//
//	# a comment, until the end of the line; blank lines are free
//	> SET key "a value"     a command, sent as an array of bulk strings
//	>> PING\r\n             bytes, sent as they are
//	< +OK                   a line that must come back, CR LF added
//	<< abc                  bytes that must come back
//	< (closed)              the server must have closed the connection
//	a> GET key              the same for a connection called a
//	a: split 1              cut what follows on a into writes of at most 1 byte
//	a: half-close           close our sending side
//	a: close                close the connection
//	a: reset                close it with a TCP reset
//
// Neighbouring > lines of one connection leave in one write, as a pipeline. Replies are awaited where a <
// line asks for them; at the end of the file each connection is half-closed, must send nothing more and must
// be closed by the server. The connection id in the reply to HELLO is written {id}.
//
// Escapes are \r \n \t \\ \" \xHH, and \{3*text} for a repetition of text. A word of a command that holds
// blanks or nothing at all stands in double quotes.
package dialogue
