package model

import "errors"

func begin(s *Session, _ *Txn, _ [][]byte) error {
	if s.txn != nil {
		return errors.New("BEGIN calls can not be nested")
	}
	s.txn = s.db.Begin()
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
