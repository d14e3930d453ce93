package driver

import "context"

// Element is one line of a reply, for those who look into aggregates: a scalar, or the
// header of an aggregate. Data points into the parsed buffer.
type Element struct {
	Kind  byte // the RESP type; nulls of either protocol version have '_'
	Data  []byte
	Count int // elements that follow the header
}

// ParseReply appends the elements of the reply at the start of buf and returns how many
// bytes it took; 0 bytes means that buf ends before the reply does. Errors wrap ErrProtocol.
func ParseReply(buf []byte, elements []Element) (all []Element, used int, err error) {
	_, size, err := parse(buf)
	if size == 0 || err != nil {
		return elements, 0, err
	}
	all, err = appendElements(elements, buf[:size])
	return all, size, err
}

// appendElements takes a whole reply apart.
func appendElements(elements []Element, reply []byte) ([]Element, error) {
	for used := 0; used < len(reply); {
		r, n, count, err := parseElement(reply[used:])
		if err != nil {
			return elements, err
		}
		elements = append(elements, Element{Kind: r.kind, Data: r.data, Count: count})
		used += n
	}
	return elements, nil
}

// Dial opens a connection to cfg.Addr and agrees on the protocol version. The descriptor it
// returns does not block, has TCP_NODELAY and is the caller's to close.
func Dial(ctx context.Context, cfg Config) (int, error) { return dial(ctx, cfg.withDefaults()) }
