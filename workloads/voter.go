package workloads

import (
	"math"
	"strconv"
)

// Voter is the telephone vote of VoltDB's example and of BenchBase: callers from all over
// the country vote for a contestant, each phone a limited number of times. Parameters are
// BenchBase's, but for the limit, which is VoltDB's 2 unless the spec says otherwise
// (BenchBase: 1000). One call in a hundred names a contestant there is not.
//
// Spec.Records is how many phones there are, dealt to the areas in turn; BenchBase's ten
// million per area, the default, make it unlikely that a phone calls again.
const (
	Contestants       = 6
	invalidContestant = 999
	phonesPerArea     = 10_000_000
)

// ContestantNames are the names of contestants 1 to Contestants.
var ContestantNames = [Contestants]string{
	"Edwina Burnam", "Tabatha Gehling", "Kelly Clauss", "Jessie Alloway", "Alana Bregman", "Jessie Eichman",
}

type voter struct {
	maxVotes   int64
	favourites []int64 // by area
}

func newVoter(spec Spec) *voter {
	v := &voter{maxVotes: int64(spec.MaxVotesPerPhone), favourites: make([]int64, len(areas))}
	for i := range v.favourites {
		v.favourites[i] = favourite(i)
	}
	return v
}

// favourite is the contestant that half of an area's callers vote for. BenchBase throws
// dice for the areas that favour contestant 1; here a hash does, so that all workers agree.
func favourite(area int) int64 {
	if mix(uint64(area))%100 < 30 {
		return 1
	}
	return int64(math.Abs(math.Sin(float64(area))*Contestants))%Contestants + 1
}

func (v *voter) next(s *TxnStream, sequence uint64) Txn {
	caller := s.key()
	area := caller % int64(len(areas))
	phone := int64(areas[area].Code)*phonesPerArea + caller/int64(len(areas))
	contestant := v.favourites[area]
	if s.between(0, 1) == 0 {
		contestant = s.between(1, Contestants)
	}
	if s.between(0, 99) == 0 {
		contestant = invalidContestant
	}
	return Txn{Vote, [5]int64{s.identifier(sequence), phone, contestant, v.maxVotes}}
}

func (v *voter) places() uint64 { return uint64(Contestants + len(areas)) }

func (v *voter) row(i uint64, key, value []byte) (k, val []byte) {
	if i < Contestants {
		return ContestantKey(key, int64(i)+1), append(value, ContestantNames[i]...)
	}
	area := areas[i-Contestants]
	return AreaKey(key, int64(area.Code)*phonesPerArea), append(value, area.State...)
}

// ContestantKey appends the key that holds a contestant's name.
func ContestantKey(dst []byte, contestant int64) []byte {
	return strconv.AppendInt(append(dst, "v:c:"...), contestant, 10)
}

// AreaKey appends the key that holds the state of a phone's area.
func AreaKey(dst []byte, phone int64) []byte {
	return strconv.AppendInt(append(dst, "v:a:"...), phone/phonesPerArea, 10)
}

// PhoneKey appends the key that counts the votes of a phone.
func PhoneKey(dst []byte, phone int64) []byte {
	return strconv.AppendInt(append(dst, "v:p:"...), phone, 10)
}

// VoteKey appends the key of a vote.
func VoteKey(dst []byte, vote int64) []byte {
	return strconv.AppendInt(append(dst, "v:v:"...), vote, 10)
}

// TotalKey appends the key that counts the votes for a contestant from a state.
func TotalKey(dst []byte, contestant int64, state string) []byte {
	dst = strconv.AppendInt(append(dst, "v:t:"...), contestant, 10)
	return append(append(dst, ':'), state...)
}

// AppendVote appends the value of a vote: phone, state and contestant.
func AppendVote(dst []byte, phone int64, state string, contestant int64) []byte {
	dst = append(strconv.AppendInt(dst, phone, 10), ',')
	dst = append(append(dst, state...), ',')
	return strconv.AppendInt(dst, contestant, 10)
}
