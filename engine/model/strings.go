package model

import "errors"

var (
	errSyntax = errors.New("syntax error")
	errExpiry = errors.New("key expiry is not supported")
)

func get(s *Session, t *Txn, args [][]byte) error {
	value, found, err := t.Get(args[1])
	s.reply.value(value, found)
	return err
}

func set(s *Session, t *Txn, args [][]byte) error {
	key, value := args[1], args[2]
	options, err := parseSetOptions(args[3:])
	if err != nil {
		return err
	}
	if options == (setOptions{}) {
		s.reply.status("OK")
		return t.Set(key, value)
	}
	if len(value) > MaxValueBytes && len(key) <= MaxKeyBytes {
		return ErrValueTooLarge
	}
	old, found, err := t.Get(key)
	if err != nil {
		return err
	}
	blocked := options.ifMissing && found || options.ifPresent && !found
	switch {
	case options.get:
		s.reply.value(old, found)
	case blocked:
		s.reply.value(nil, false)
	default:
		s.reply.status("OK")
	}
	if blocked {
		return nil
	}
	return t.Set(key, value)
}

// setOptions are NX, XX and GET. As in Redis they may be repeated, and only NX and XX exclude each other.
type setOptions struct {
	ifMissing, ifPresent, get bool
}

func parseSetOptions(words [][]byte) (options setOptions, err error) {
	expiry := ""
	for len(words) > 0 {
		option := lower(cString(words[0]))
		words = words[1:]
		switch {
		case option == "nx" && !options.ifPresent:
			options.ifMissing = true
		case option == "xx" && !options.ifMissing:
			options.ifPresent = true
		case option == "get":
			options.get = true
		case option == "keepttl" && (expiry == "" || expiry == option):
			expiry = option
		case isTime(option) && (expiry == "" || expiry == option) && len(words) > 0:
			expiry = option
			words = words[1:]
		default:
			return options, errSyntax
		}
	}
	if expiry != "" {
		return options, errExpiry
	}
	return options, nil
}

// isTime reports whether a SET option is followed by a time of expiry.
func isTime(option string) bool {
	return option == "ex" || option == "px" || option == "exat" || option == "pxat"
}

func appendTo(s *Session, t *Txn, args [][]byte) error {
	value, _, err := t.Get(args[1])
	if err != nil {
		return err
	}
	value = append(value, args[2]...)
	s.reply.integer(int64(len(value)))
	return t.Set(args[1], value)
}

func strlen(s *Session, t *Txn, args [][]byte) error {
	value, _, err := t.Get(args[1])
	s.reply.integer(int64(len(value)))
	return err
}
