package model

import "fmt"

// del counts the keys it removed; naming one twice removes it once.
func del(s *Session, t *Txn, args [][]byte) error {
	if err := checkKeys(args[1:]...); err != nil {
		return err
	}
	removed := int64(0)
	for _, key := range args[1:] {
		found, err := t.Delete(key)
		if err != nil {
			return err
		}
		if found {
			removed++
		}
	}
	s.reply.integer(removed)
	return nil
}

// exists counts the keys that are there, one named twice twice.
func exists(s *Session, t *Txn, args [][]byte) error {
	if err := checkKeys(args[1:]...); err != nil {
		return err
	}
	present := int64(0)
	for _, key := range args[1:] {
		_, found, err := t.Get(key)
		if err != nil {
			return err
		}
		if found {
			present++
		}
	}
	s.reply.integer(present)
	return nil
}

func mget(s *Session, t *Txn, args [][]byte) error {
	if err := checkKeys(args[1:]...); err != nil {
		return err
	}
	s.reply.array(len(args) - 1)
	for _, key := range args[1:] {
		value, found, err := t.Get(key)
		if err != nil {
			return err
		}
		s.reply.value(value, found)
	}
	return nil
}

// mset checks all keys, then all values, before it writes any.
func mset(s *Session, t *Txn, args [][]byte) error {
	if len(args)%2 == 0 {
		return wrongArity("mset")
	}
	for i := 1; i < len(args); i += 2 {
		if err := checkKeys(args[i]); err != nil {
			return err
		}
	}
	for i := 2; i < len(args); i += 2 {
		if len(args[i]) > MaxValueBytes {
			return ErrValueTooLarge
		}
	}
	for i := 1; i < len(args); i += 2 {
		if err := t.Set(args[i], args[i+1]); err != nil {
			return err
		}
	}
	s.reply.status("OK")
	return nil
}

func dbsize(s *Session, _ *Txn, _ [][]byte) error {
	if err := s.refuseInTxn("DBSIZE"); err != nil {
		return err
	}
	s.reply.integer(int64(s.db.Len()))
	return nil
}

func flushall(s *Session, _ *Txn, args [][]byte) error {
	if len(args) > 2 || len(args) == 2 && !isOption(args[1], "async") && !isOption(args[1], "sync") {
		return errSyntax
	}
	if err := s.refuseInTxn("FLUSHALL"); err != nil {
		return err
	}
	s.db.Flush()
	s.reply.status("OK")
	return nil
}

func (s *Session) refuseInTxn(name string) error {
	if s.txn != nil {
		return fmt.Errorf("%s is not allowed inside a transaction", name)
	}
	return nil
}
