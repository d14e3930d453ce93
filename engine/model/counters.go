package model

import (
	"errors"
	"math"
	"strconv"
)

var (
	errNotInteger = errors.New("value is not an integer or out of range")
	errOverflow   = errors.New("increment or decrement would overflow")
)

func incr(s *Session, t *Txn, args [][]byte) error {
	return s.addTo(t, args[1], 1)
}

func decr(s *Session, t *Txn, args [][]byte) error {
	return s.addTo(t, args[1], -1)
}

func incrBy(s *Session, t *Txn, args [][]byte) error {
	amount, ok := parseInt(args[2])
	if !ok {
		return errNotInteger
	}
	return s.addTo(t, args[1], amount)
}

func decrBy(s *Session, t *Txn, args [][]byte) error {
	amount, ok := parseInt(args[2])
	switch {
	case !ok:
		return errNotInteger
	case amount == math.MinInt64:
		return errors.New("decrement would overflow")
	}
	return s.addTo(t, args[1], -amount)
}

// addTo adds amount to the number at key, 0 if the key is missing.
func (s *Session) addTo(t *Txn, key []byte, amount int64) error {
	text, found, err := t.Get(key)
	if err != nil {
		return err
	}
	number := int64(0)
	if found {
		var ok bool
		if number, ok = parseInt(text); !ok {
			return errNotInteger
		}
	}
	if amount > 0 && number > math.MaxInt64-amount || amount < 0 && number < math.MinInt64-amount {
		return errOverflow
	}
	s.reply.integer(number + amount)
	return t.Set(key, strconv.AppendInt(nil, number+amount, 10))
}
