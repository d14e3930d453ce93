package tcpcheck

import "slices"

// Positions count the bytes of a stream; the SYN is at 0.

// position gives the one nearest to the reference that the sequence number can mean.
func position(number, first uint32, near int64) int64 {
	return near + int64(int32(number-first-uint32(near)))
}

// arrived is the part of the client's stream that reached the server.
type arrived struct {
	next   int64      // all below is there
	pieces [][2]int64 // and these, in order and apart
	fin    int64      // where the FIN is; -1: it has not come
}

func (a *arrived) add(from, to int64) {
	if to <= a.next || from == to {
		return
	}
	i := 0
	for i < len(a.pieces) && a.pieces[i][1] < from {
		i++
	}
	j := i
	for j < len(a.pieces) && a.pieces[j][0] <= to {
		from, to = min(from, a.pieces[j][0]), max(to, a.pieces[j][1])
		j++
	}
	a.pieces = slices.Replace(a.pieces, i, j, [2]int64{from, to})
	for len(a.pieces) > 0 && a.pieces[0][0] <= a.next {
		a.next = max(a.next, a.pieces[0][1])
		a.pieces = a.pieces[1:]
	}
}

// has tells whether all of a range is there.
func (a *arrived) has(from, to int64) bool {
	if to <= a.next {
		return true
	}
	return slices.ContainsFunc(a.pieces, func(p [2]int64) bool { return p[0] <= from && to <= p[1] }) ||
		len(a.pieces) > 0 && from <= a.next && a.pieces[0][0] <= a.next && to <= a.pieces[0][1]
}

// keptBytes is how much of what the client acknowledged is still compared when it comes again.
const keptBytes = 256 << 10

// sent is the server's stream: its last bytes, and where they begin.
type sent struct {
	next  int64 // behind the last byte
	first int64
	bytes []byte
	ahead []piece // behind a gap: processors overtake each other
	fin   int64   // -1: none
}

type piece struct {
	from    int64
	payload []byte
}

// maxAhead is how many segments may be behind a gap.
const maxAhead = 1000

// end is the position of the first byte that was not sent.
func (s *sent) end() int64 { return s.first + int64(len(s.bytes)) }

// add tells whether the payload agrees with what was sent before.
func (s *sent) add(from int64, payload []byte) bool {
	if from > s.end() {
		s.ahead = append(s.ahead, piece{from, append([]byte(nil), payload...)})
		return len(s.ahead) <= maxAhead
	}
	right := s.join(from, payload)
	for i := 0; i < len(s.ahead); {
		if p := s.ahead[i]; p.from <= s.end() {
			s.ahead = slices.Delete(s.ahead, i, i+1)
			right = s.join(p.from, p.payload) && right
			i = 0
		} else {
			i++
		}
	}
	return right
}

// join adds what begins within the stream or at its end.
func (s *sent) join(from int64, payload []byte) bool {
	if from < s.first { // too old to be compared
		payload = payload[min(int64(len(payload)), s.first-from):]
		from = s.first
	}
	again := min(int64(len(payload)), max(0, s.end()-from))
	if again > 0 && string(s.bytes[from-s.first:from-s.first+again]) != string(payload[:again]) {
		return false
	}
	s.bytes = append(s.bytes, payload[again:]...)
	return true
}

// forget drops what is far behind.
func (s *sent) forget(acknowledged int64) {
	if n := acknowledged - keptBytes - s.first; n > keptBytes {
		s.bytes = append([]byte(nil), s.bytes[min(n, int64(len(s.bytes))):]...)
		s.first += n
	}
}
