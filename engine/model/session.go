package model

import (
	"errors"
	"fmt"
)

// Session is one client connection. Sessions over one DB take turns: like the DB they are sequential.
type Session struct {
	db      *DB
	id      uint64
	parser  *parser
	txn     *Txn   // open between BEGIN and COMMIT or ABORT
	queue   *queue // open between MULTI and EXEC or DISCARD
	watch   *watch // open between WATCH and EXEC, DISCARD or UNWATCH
	reply   reply
	closed  bool
	differs bool
}

// NewSession opens a connection to db, speaking RESP2 until HELLO.
func NewSession(db *DB) *Session {
	db.sessions++
	return &Session{db: db, id: db.sessions, parser: newParser(), reply: reply{resp: 2}}
}

// Serve takes the next bytes from the client, however cut, and returns the bytes of all replies that became
// due. After closed the server has closed the connection behind out, and further input is ignored.
func (s *Session) Serve(in []byte) (out []byte, closed bool) {
	s.reply.out = nil
	if !s.closed {
		s.parser.input = append(s.parser.input, in...)
	}
	for !s.closed {
		args, ok, err := s.parser.next()
		if err != nil {
			s.fail(err)
			s.Close()
			break
		}
		if !ok {
			break
		}
		if len(args) > 0 {
			s.execute(args)
		}
	}
	return s.reply.out, s.closed
}

// Close ends the connection from either side, which aborts an open transaction.
func (s *Session) Close() {
	s.closed = true
	s.txn, s.queue, s.watch = nil, nil, nil
}

// Differs reports whether the session has met a command or limit of BPF-DB's own, so that redis-server would
// have answered otherwise.
func (s *Session) Differs() bool {
	return s.differs
}

// WouldCommit reports whether request is a COMMIT that would succeed now.
func (s *Session) WouldCommit(request []byte) bool {
	return requestName(request) == "commit" && s.txn != nil && !s.txn.conflicts()
}

// requestName is the only word of a request, in lower case, or nothing.
func requestName(request []byte) string {
	probe := newParser()
	probe.input = request
	args, ok, err := probe.next()
	if !ok || err != nil || len(args) != 1 {
		return ""
	}
	return lower(string(args[0]))
}

// execute runs or queues one request and appends its reply. Outside BEGIN ... COMMIT a command is its own
// transaction.
func (s *Session) execute(args [][]byte) {
	name := lower(string(args[0]))
	cmd, ok := commands[name]
	s.differs = s.differs || cmd.own
	switch {
	case !ok:
		s.refuse(unknownCommand(args))
	case name == "exec" && len(args) > 1:
		s.queue, s.watch = nil, nil
		s.fail(errExecArity)
	case cmd.arity > 0 && len(args) != cmd.arity, len(args) < -cmd.arity:
		s.refuse(wrongArity(name))
	case s.queue != nil && !cmd.atOnce:
		s.enqueue(name, queued{cmd, args})
	case s.txn != nil:
		s.run(s.txn, queued{cmd, args})
	default:
		t := s.db.Begin()
		s.run(t, queued{cmd, args})
		if err := t.Commit(); err != nil {
			s.fail(err) // nothing runs beside it
		}
	}
}

// refuse answers a request that is not one, which makes an EXEC to come fail.
func (s *Session) refuse(err error) {
	if s.queue != nil {
		s.queue.failed = true
	}
	s.fail(err)
}

// run executes a request in t and appends its reply.
func (s *Session) run(t *Txn, request queued) {
	before := len(s.reply.out)
	if err := request.cmd.run(s, t, request.args); err != nil {
		s.reply.out = s.reply.out[:before]
		s.fail(err)
	}
}

// codedError is an error reply with a code of its own instead of ERR.
type codedError string

func (e codedError) Error() string { return string(e) }

// ownErrors are those that Redis does not have.
var ownErrors = []error{ErrKeyTooLarge, ErrValueTooLarge, errTooLarge, errExpiry, errQueueLong, errQueueLarge,
	errExecReplies}

// fail appends an error reply.
func (s *Session) fail(err error) {
	for _, own := range ownErrors {
		s.differs = s.differs || errors.Is(err, own)
	}
	var coded codedError
	switch {
	case errors.Is(err, ErrReadOnly):
		s.reply.failure("READONLY You can't write in a read only transaction.")
	case errors.As(err, &coded):
		s.reply.failure(err.Error())
	default:
		s.reply.failure("ERR " + err.Error())
	}
}

// unknownCommand quotes at most 128 bytes of the name and about as many of the arguments, as Redis does.
func unknownCommand(args [][]byte) error {
	const limit = 128
	var quoted string
	for _, arg := range args[1:] {
		if len(quoted) >= limit {
			break
		}
		quoted += fmt.Sprintf("'%s' ", prefix(cString(arg), limit-len(quoted)))
	}
	name := prefix(cString(args[0]), limit)
	return errors.New(oneLine("unknown command '" + name + "', with args beginning with: " + quoted))
}

func wrongArity(name string) error {
	return fmt.Errorf("wrong number of arguments for '%s' command", name)
}

func prefix(text string, n int) string {
	return text[:min(n, len(text))]
}
