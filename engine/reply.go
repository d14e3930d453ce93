package engine

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// ReplyKind says which field of a Reply counts.
type ReplyKind int

// The kinds of replies that stored procedures give.
const (
	ReplyNil     ReplyKind = iota // what was asked for is not there
	ReplyInteger                  // Reply.Integer
	ReplyBulk                     // Reply.Bulk
	ReplyArray                    // Reply.Array
)

// Reply is what a stored procedure answered.
type Reply struct {
	Kind    ReplyKind
	Integer int64
	Bulk    []byte // a copy
	Array   []Reply
}

var errReply = errors.New("malformed reply of a procedure")

// parseReply takes one RESP2 reply off p and returns what is left.
func parseReply(p []byte) (Reply, []byte, error) {
	line, rest, found := bytes.Cut(p, []byte("\r\n"))
	if !found || len(line) == 0 {
		return Reply{}, p, fmt.Errorf("%w: %.40q", errReply, p)
	}
	text := string(line[1:])
	switch line[0] {
	case '-':
		return Reply{}, rest, replyError(text)
	case ':':
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return Reply{}, rest, fmt.Errorf("%w: %w", errReply, err)
		}
		return Reply{Kind: ReplyInteger, Integer: n}, rest, nil
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
	case line[0] == '$' && n == -1:
		return Reply{}, rest, nil
	case line[0] == '$' && n >= 0 && n+2 <= len(rest):
		return Reply{Kind: ReplyBulk, Bulk: bytes.Clone(rest[:n:n])}, rest[n+2:], nil
	case line[0] == '*' && n >= 0:
		return parseArray(n, rest)
	}
	return Reply{}, rest, fmt.Errorf("%w: %.40q", errReply, line)
}

func parseArray(n int, rest []byte) (Reply, []byte, error) {
	array := Reply{Kind: ReplyArray}
	for range n {
		element, after, err := parseReply(rest)
		if err != nil {
			return Reply{}, after, err
		}
		array.Array, rest = append(array.Array, element), after
	}
	return array, rest, nil
}
