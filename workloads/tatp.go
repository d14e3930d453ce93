package workloads

import (
	"math/bits"
	"math/rand/v2"
)

// TATP, the Telecommunication Application Transaction Processing benchmark (Neuvonen et
// al., 2009), with its mix and its data: 1 to 4 rows of access information and of special
// facilities per subscriber, 0 to 3 call forwardings per facility, facilities active in 85 %
// of the cases. Subscribers are chosen by the spec's distribution. That a row is not there is
// a normal outcome; which rows are loaded follows from the subscriber alone, so the outcome of
// most transactions is known beforehand.
//
// Fields have fixed widths, see the offsets below, so that procedures replace them in place.
const (
	facilities   = 4 // types of access information and of facility, from 1
	forwardings  = 3 // call forwardings of a facility: from 0, 8 and 16 o'clock
	forwardHours = 8
	activeShare  = 85 // percent
	tatpStream   = 0x74617470

	numberDigits   = 15
	locationDigits = 10
	MaxTATPValue   = 127 // a subscriber's row
	FacilityBytes  = 15
)

// Where the fields that transactions replace or look at are in their rows.
const (
	Bit1Offset     = numberDigits + 1
	LocationOffset = MaxTATPValue - locationDigits // of vlr_location in a subscriber's row
	ActiveOffset   = 0                             // of is_active in a facility's row
	DataAOffset    = 6                             // of data_a in a facility's row
)

var tatpMix = []mixEntry{
	{GetSubscriberData, 35}, {GetAccessData, 35}, {GetNewDestination, 10}, {UpdateLocation, 14},
	{UpdateSubscriberData, 2}, {InsertCallForwarding, 2}, {DeleteCallForwarding, 2},
}

type tatp struct{ subscribers uint64 }

func newTATP(spec Spec) tatp { return tatp{spec.Records} }

func (b tatp) next(s *TxnStream, _ uint64) Txn {
	kind, subscriber := s.pick(tatpMix), s.key()+1
	facility, start := s.between(1, facilities), s.between(0, forwardings-1)*forwardHours
	switch kind {
	case GetSubscriberData:
		return Txn{kind, [5]int64{subscriber}}
	case GetAccessData:
		return Txn{kind, [5]int64{subscriber, facility}}
	case GetNewDestination:
		return Txn{kind, [5]int64{subscriber, facility, start, s.between(1, 24)}}
	case UpdateLocation:
		return Txn{kind, [5]int64{subscriber, s.between(1, 1<<32-1)}}
	case UpdateSubscriberData:
		return Txn{kind, [5]int64{subscriber, s.between(0, 1), facility, s.between(0, 255)}}
	case InsertCallForwarding:
		return Txn{kind, [5]int64{subscriber, facility, start, start + s.between(1, 8), s.between(0, 1e15-1)}}
	}
	return Txn{kind, [5]int64{subscriber, facility, start}}
}

// Profile is which rows a subscriber is loaded with. Types count from 1.
type Profile struct {
	access   uint8               // bit t-1: access information of type t
	facility uint8               // bit t-1: facility of type t
	active   uint8               // bit t-1: it is active
	forward  [facilities]uint8   // of facility t, bit h/8: forwarding from h o'clock
	until    [facilities][3]int8 // the hour it ends
}

// ProfileOf is the profile of a subscriber, numbered from 1.
func ProfileOf(subscriber int64) Profile {
	var source rand.PCG
	source.Seed(mix(uint64(subscriber)), tatpStream)
	r := rand.New(&source)
	p := Profile{access: someOf(r, facilities, 1), facility: someOf(r, facilities, 1)}
	for t := range facilities {
		if r.IntN(100) < activeShare {
			p.active |= 1 << t
		}
		p.forward[t] = someOf(r, forwardings, 0)
		for i := range p.until[t] {
			p.until[t][i] = int8(i*forwardHours + 1 + r.IntN(forwardHours))
		}
	}
	p.active &= p.facility
	return p
}

// someOf draws a number from least to n, and then as many different bits below n.
func someOf(r *rand.Rand, n, least int) uint8 {
	var chosen uint8
	for left := least + r.IntN(n+1-least); left > 0; {
		if bit := uint8(1) << r.IntN(n); chosen&bit == 0 {
			chosen |= bit
			left--
		}
	}
	return chosen
}

// HasAccess reports whether the subscriber has access information of the type.
func (p Profile) HasAccess(kind int64) bool { return p.access>>(kind-1)&1 != 0 }

// HasFacility reports whether the subscriber has the facility.
func (p Profile) HasFacility(kind int64) bool { return p.facility>>(kind-1)&1 != 0 }

// Forwards reports whether calls to the facility are forwarded from the hour on: 0, 8 or 16.
func (p Profile) Forwards(kind, start int64) bool {
	return p.HasFacility(kind) && p.forward[kind-1]>>(start/forwardHours)&1 != 0
}

// Destinations is how many numbers GetNewDestination finds.
func (p Profile) Destinations(kind, start, end int64) int {
	found := 0
	for hour := int64(0); hour <= start && p.active>>(kind-1)&1 != 0; hour += forwardHours {
		if p.Forwards(kind, hour) && end < int64(p.until[kind-1][hour/forwardHours]) {
			found++
		}
	}
	return found
}

// Forwardings is the number of call forwardings the subscriber has.
func (p Profile) Forwardings() int {
	count := 0
	for t := range p.forward {
		if p.HasFacility(int64(t) + 1) {
			count += bits.OnesCount8(p.forward[t])
		}
	}
	return count
}

// Active reports whether the subscriber has the facility and it is active.
func (p Profile) Active(kind int64) bool { return p.active>>(kind-1)&1 != 0 }
