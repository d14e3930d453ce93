package workloads

import "strconv"

// The places of a subscriber's rows, one after the other.
const (
	placeRow      = 0
	placeNumber   = 1
	placeAccess   = 2
	placeFacility = placeAccess + facilities
	placeForward  = placeFacility + facilities
	placeEnd      = placeForward + facilities*forwardings
)

func (b tatp) places() uint64 { return b.subscribers * placeEnd }

func (b tatp) row(i uint64, key, value []byte) (k, v []byte) {
	subscriber, place := int64(i/placeEnd)+1, int64(i%placeEnd)
	noise := mix(i ^ tatpStream)
	switch {
	case place == placeRow:
		return SubscriberKey(key, subscriber), appendSubscriber(value, subscriber, noise)
	case place == placeNumber:
		return NumberKey(key, subscriber), strconv.AppendInt(value, subscriber, 10)
	}
	profile := ProfileOf(subscriber)
	switch {
	case place < placeFacility:
		kind := place - placeAccess + 1
		if profile.HasAccess(kind) {
			return AccessKey(key, subscriber, kind), appendAccess(value, noise)
		}
	case place < placeForward:
		kind := place - placeFacility + 1
		if profile.HasFacility(kind) {
			active := int64(profile.active >> (kind - 1) & 1)
			return FacilityKey(key, subscriber, kind), appendFacility(value, active, noise)
		}
	default:
		kind, slot := (place-placeForward)/forwardings+1, (place-placeForward)%forwardings
		if start := slot * forwardHours; profile.Forwards(kind, start) {
			end := int64(profile.until[kind-1][slot])
			return ForwardKey(key, subscriber, kind, start), AppendForward(value, end, int64(noise%1e15))
		}
	}
	return nil, nil
}

// appendSubscriber appends a row: the telephone number, ten bits, ten numbers to 15, ten
// numbers to 255, and two locations, of the switching centre and of the visitor register.
func appendSubscriber(dst []byte, subscriber int64, noise uint64) []byte {
	dst = AppendDigits(dst, subscriber, numberDigits)
	for _, field := range [...]struct {
		count, width int
		below        uint64
	}{{10, 1, 2}, {10, 2, 16}, {10, 3, 256}, {2, locationDigits, 1 << 32}} {
		for range field.count {
			noise = mix(noise + patternStep)
			dst = AppendDigits(append(dst, ','), int64(noise%field.below), field.width)
		}
	}
	return dst
}

func appendAccess(dst []byte, noise uint64) []byte {
	dst = append(AppendDigits(dst, int64(noise%256), 3), ',')
	dst = append(AppendDigits(dst, int64(noise>>8%256), 3), ',')
	dst = append(appendLetters(dst, noise, 3), ',')
	return appendLetters(dst, noise>>24, 5)
}

func appendFacility(dst []byte, active int64, noise uint64) []byte {
	dst = append(AppendDigits(dst, active, 1), ',')
	dst = append(AppendDigits(dst, int64(noise%256), 3), ',')
	dst = append(AppendDigits(dst, int64(noise>>8%256), 3), ',')
	return appendLetters(dst, noise>>16, 5)
}

// AppendForward appends a call forwarding: the hour it ends and the number called.
func AppendForward(dst []byte, end, number int64) []byte {
	return AppendDigits(append(AppendDigits(dst, end, 2), ','), number, numberDigits)
}

func appendLetters(dst []byte, noise uint64, count int) []byte {
	for range count {
		dst = append(dst, 'A'+byte(noise%26))
		noise /= 26
	}
	return dst
}

// SubscriberKey appends the key of a subscriber's row.
func SubscriberKey(dst []byte, subscriber int64) []byte {
	return strconv.AppendInt(append(dst, "t:s:"...), subscriber, 10)
}

// NumberKey appends the key that leads from a subscriber's telephone number to its id.
func NumberKey(dst []byte, subscriber int64) []byte {
	return AppendDigits(append(dst, "t:n:"...), subscriber, numberDigits)
}

// AccessKey appends the key of a row of access information.
func AccessKey(dst []byte, subscriber, kind int64) []byte {
	return tatpKey(append(dst, "t:a:"...), subscriber, kind)
}

// FacilityKey appends the key of a special facility's row.
func FacilityKey(dst []byte, subscriber, kind int64) []byte {
	return tatpKey(append(dst, "t:f:"...), subscriber, kind)
}

// ForwardKey appends the key of a call forwarding.
func ForwardKey(dst []byte, subscriber, kind, start int64) []byte {
	dst = append(tatpKey(append(dst, "t:w:"...), subscriber, kind), ':')
	return strconv.AppendInt(dst, start, 10)
}

func tatpKey(dst []byte, subscriber, kind int64) []byte {
	dst = append(strconv.AppendInt(dst, subscriber, 10), ':')
	return strconv.AppendInt(dst, kind, 10)
}

// AppendDigits appends n with leading zeros to the width.
func AppendDigits(dst []byte, n int64, width int) []byte {
	limit := int64(10)
	for digits := 1; digits < width; digits++ {
		if n < limit {
			dst = append(dst, '0')
		}
		limit *= 10
	}
	return strconv.AppendInt(dst, n, 10)
}
