package model

import (
	"errors"
	"fmt"
	"strings"
)

// Limits of MULTI.
const (
	MaxQueued      = 1024      // requests
	MaxQueueBytes  = 66 << 10  // as they came
	MaxExecReplies = 128 << 10 // bytes of the reply to EXEC; replyRoom of them must be free before each command
	replyRoom      = 128
)

var (
	errQueueLong   = fmt.Errorf("MULTI queues at most %d commands", MaxQueued)
	errQueueLarge  = fmt.Errorf("MULTI queues at most %d bytes", MaxQueueBytes)
	errExecArity   = codedError("EXECABORT Transaction discarded because of: " + wrongArity("exec").Error())
	errExecReplies = codedError(fmt.Sprintf("EXECABORT Transaction discarded because of: ERR replies exceed %d bytes",
		MaxExecReplies))
)

// queue is what a session collects between MULTI and EXEC.
type queue struct {
	requests []queued
	bytes    int
	failed   bool // a request could not be queued: EXEC will fail
}

type queued struct {
	cmd  command
	args [][]byte
}

func multi(s *Session, _ *Txn, _ [][]byte) error {
	switch {
	case s.queue != nil:
		return errors.New("MULTI calls can not be nested")
	case s.txn != nil:
		return errors.New("MULTI is not allowed inside a transaction")
	}
	s.queue = &queue{}
	s.reply.status("OK")
	return nil
}

func discard(s *Session, _ *Txn, _ [][]byte) error {
	if s.queue == nil {
		return errors.New("DISCARD without MULTI")
	}
	s.queue, s.watch = nil, nil
	s.reply.status("OK")
	return nil
}

// watch is what keys were like when they were watched.
type watch struct {
	db       *DB
	versions map[string]uint64 // 0 for a missing key
	begun    uint64            // clock at the first WATCH
	flushes  uint64            // FLUSHALLs before it
}

// add watches one more key, from now on if it is new.
func (w *watch) add(key []byte) {
	if _, ok := w.versions[string(key)]; !ok {
		w.versions[string(key)] = w.db.records[string(key)].version
	}
}

// changed reports whether a watched key is not what it was.
func (w *watch) changed() bool {
	for key, version := range w.versions {
		if w.db.records[key].version != version {
			return true
		}
	}
	return false
}

// flushed reports whether there was a FLUSHALL, which the engine takes for a change of all keys.
func (w *watch) flushed() bool { return w.flushes != w.db.flushes }

// touched reports whether a key that was missing has come and gone since, which Redis counts as a change.
func (w *watch) touched() bool {
	for key, version := range w.versions {
		if version == 0 && w.db.removed[key] > w.begun {
			return true
		}
	}
	return false
}

func watchKeys(s *Session, _ *Txn, args [][]byte) error {
	switch {
	case s.queue != nil:
		return errors.New("WATCH inside MULTI is not allowed")
	case s.txn != nil:
		return errors.New("WATCH is not allowed inside a transaction")
	}
	if err := checkKeys(args[1:]...); err != nil {
		return err
	}
	if s.watch == nil {
		s.watch = &watch{db: s.db, versions: map[string]uint64{}, begun: s.db.clock, flushes: s.db.flushes}
	}
	for _, key := range args[1:] {
		s.watch.add(key)
	}
	s.reply.status("OK")
	return nil
}

func unwatch(s *Session, _ *Txn, _ [][]byte) error {
	s.watch = nil
	s.reply.status("OK")
	return nil
}

func exec(s *Session, _ *Txn, _ [][]byte) error {
	q, w := s.queue, s.watch
	if q == nil {
		return errors.New("EXEC without MULTI")
	}
	s.queue, s.watch = nil, nil
	if q.failed {
		return codedError("EXECABORT Transaction discarded because of previous errors.")
	}
	if w != nil {
		s.differs = s.differs || !w.changed() && (w.flushed() || w.touched())
		if w.changed() || w.flushed() {
			s.reply.nullArray()
			return nil
		}
	}
	t := s.db.Begin()
	start := len(s.reply.out)
	s.reply.array(len(q.requests))
	for _, request := range q.requests {
		if len(s.reply.out)-start+replyRoom > MaxExecReplies {
			return errExecReplies
		}
		s.run(t, request)
		if len(s.reply.out)-start > MaxExecReplies {
			return errExecReplies
		}
	}
	return t.Commit()
}

// enqueue keeps a request for EXEC, or has that fail.
func (s *Session) enqueue(name string, request queued) {
	q := s.queue
	var err error
	switch {
	case !request.cmd.queueable:
		s.differs = true
		err = fmt.Errorf("%s is not allowed inside a transaction", strings.ToUpper(name))
	case len(q.requests) == MaxQueued:
		err = errQueueLong
	case q.bytes+s.parser.last > MaxQueueBytes:
		err = errQueueLarge
	}
	if err != nil {
		q.failed = true
		s.fail(err)
		return
	}
	q.requests = append(q.requests, request)
	q.bytes += s.parser.last
	s.reply.status("QUEUED")
}

// WouldExec reports whether request is an EXEC whose watched keys are as they were.
func (s *Session) WouldExec(request []byte) bool {
	return requestName(request) == "exec" && s.queue != nil && !s.queue.failed && s.watch != nil &&
		!s.watch.changed() && !s.watch.flushed()
}
