package model

import "errors"

func begin(s *Session, _ *Txn, args [][]byte) error {
	readOnly := len(args) == 2 && isOption(args[1], "readonly")
	if len(args) > 2 || len(args) == 2 && !readOnly {
		return errors.New("syntax error, BEGIN takes READONLY or nothing")
	}
	if s.txn != nil {
		return errors.New("BEGIN calls can not be nested")
	}
	if s.txn = s.db.Begin(); readOnly {
		s.txn = s.db.BeginReadOnly()
	}
	s.reply.status("OK")
	return nil
}

func commit(s *Session, _ *Txn, _ [][]byte) error {
	if s.txn == nil {
		return errors.New("COMMIT without BEGIN")
	}
	err := s.txn.Commit()
	s.txn = nil
	if err != nil {
		return codedError("CONFLICT " + err.Error())
	}
	s.reply.status("OK")
	return nil
}

func abort(s *Session, _ *Txn, _ [][]byte) error {
	if s.txn == nil {
		return errors.New("ABORT without BEGIN")
	}
	s.txn = nil
	s.reply.status("OK")
	return nil
}
