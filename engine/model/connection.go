package model

import (
	"errors"
	"fmt"
	"math"
)

// redisVersion is the version of Redis that BPF-DB tells clients it behaves like.
const redisVersion = "7.0.15"

func ping(s *Session, _ *Txn, args [][]byte) error {
	switch len(args) {
	case 1:
		s.reply.status("PONG")
	case 2:
		s.reply.bulk(args[1])
	default:
		return wrongArity("ping")
	}
	return nil
}

func echo(s *Session, _ *Txn, args [][]byte) error {
	s.reply.bulk(args[1])
	return nil
}

func quit(s *Session, _ *Txn, _ [][]byte) error {
	s.reply.status("OK")
	s.Close()
	return nil
}

// hangUp answers what a browser tricked into talking to us would send: not at all.
func hangUp(s *Session, _ *Txn, _ [][]byte) error {
	s.Close()
	return nil
}

func selectDB(s *Session, _ *Txn, args [][]byte) error {
	index, ok := parseInt(args[1])
	switch {
	case !ok:
		return errNotInteger
	case index < math.MinInt32 || index > math.MaxInt32:
		return fmt.Errorf("value is out of range, value must between %d and %d", math.MinInt32, math.MaxInt32)
	case index != 0:
		return errors.New("DB index is out of range")
	}
	s.reply.status("OK")
	return nil
}

// hello switches the protocol and describes the server. There is one user, default, without password.
func hello(s *Session, _ *Txn, args [][]byte) error {
	version := int64(s.reply.resp)
	if len(args) > 1 {
		var ok bool
		if version, ok = parseInt(args[1]); !ok {
			return errors.New("Protocol version is not an integer or out of range")
		}
		if version != 2 && version != 3 {
			return codedError("NOPROTO unsupported protocol version")
		}
		if err := helloOptions(args[2:]); err != nil {
			return err
		}
	}
	r := &s.reply
	r.resp = int(version)
	r.mapping(7)
	r.bulkText("server")
	r.bulkText("redis")
	r.bulkText("version")
	r.bulkText(redisVersion)
	r.bulkText("proto")
	r.integer(version)
	r.bulkText("id")
	r.integer(int64(s.id))
	r.bulkText("mode")
	r.bulkText("standalone")
	r.bulkText("role")
	r.bulkText("master")
	r.bulkText("modules")
	r.array(0)
	return nil
}

func helloOptions(options [][]byte) error {
	for len(options) > 0 {
		switch {
		case isOption(options[0], "auth") && len(options) > 2:
			if string(options[1]) != "default" {
				return codedError("WRONGPASS invalid username-password pair or user is disabled.")
			}
			options = options[3:]
		case isOption(options[0], "setname") && len(options) > 1:
			for _, c := range options[1] {
				if c < '!' || c > '~' {
					return errors.New("Client names cannot contain spaces, newlines or special characters.")
				}
			}
			options = options[2:]
		default:
			return fmt.Errorf("Syntax error in HELLO option '%s'", oneLine(cString(options[0])))
		}
	}
	return nil
}
