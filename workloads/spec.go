package workloads

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// How a read-modify-write is done.
const (
	// RMWClient is YCSB's way: the client reads, then writes, and another client may write
	// in between.
	RMWClient = "client"
	// RMWTxn makes it a transaction, and the workload a transactional one.
	RMWTxn = "txn"
)

// How a record becomes a key.
const (
	MappingString = "string" // one value; an update rewrites it whole
	MappingHash   = "hash"   // YCSB's own: HashFields values in a hash; an update rewrites one
)

// HashFields is how many fields a record has under MappingHash, as in YCSB.
const HashFields = 10

// Limits of a Spec.
const (
	MaxRecords    = 1 << 40 // keys a workload may address
	MaxValueBytes = 64 << 10
	MaxScanLength = 10_000
	MaxTheta      = 4.0 // beyond this nearly every draw is rank 0
)

// ErrSpec is wrapped by every error Spec.Validate returns.
var ErrSpec = errors.New("invalid workload")

// Spec describes a workload: a data set and the mix of operations on it.
type Spec struct {
	Name       string `yaml:"name"`
	Records    uint64 `yaml:"records"`     // keys loaded, numbered from 0
	ValueBytes int    `yaml:"value_bytes"` // of every value
	Mapping    string `yaml:"mapping"`     // MappingString, also when empty, or MappingHash

	ValueSizes  string `yaml:"value_sizes"`  // SizeConstant, also when empty, or another law up to ValueBytes
	InsertOrder string `yaml:"insert_order"` // InsertHashed, also when empty, or InsertOrdered

	// Distribution of key numbers over operations, see Distributions.
	Distribution string `yaml:"distribution"`
	// Theta is the skew of zipfian; ycsb-zipfian fixes it at 0.99 and uniform has none.
	Theta float64 `yaml:"theta"`

	// Proportions of the mix; they add up to 1.
	PingProportion            float64 `yaml:"ping_proportion"`
	ReadProportion            float64 `yaml:"read_proportion"`
	UpdateProportion          float64 `yaml:"update_proportion"`
	ReadModifyWriteProportion float64 `yaml:"read_modify_write_proportion"`
	InsertProportion          float64 `yaml:"insert_proportion"`
	ScanProportion            float64 `yaml:"scan_proportion"`
	MaxScanLength             int     `yaml:"max_scan_length"` // of scans, uniform from 1 on

	RMW string `yaml:"rmw"` // RMWClient or RMWTxn; empty means RMWClient

	// Family is set for the workloads made of transactions, whose mix it fixes.
	Family string `yaml:"family"`
	// HotKeys is how many keys are hot, or below 1 their share of all; HotShare is the share
	// of the operations that goes to them. Both belong to the distribution hotspot.
	HotKeys  float64 `yaml:"hot_keys"`
	HotShare float64 `yaml:"hot_share"`

	MaxVotesPerPhone int   `yaml:"max_votes_per_phone"` // voter
	MinBalanceCents  int64 `yaml:"min_balance_cents"`   // smallbank, of each of an account's two
	MaxBalanceCents  int64 `yaml:"max_balance_cents"`   // smallbank
	TotalCash        int64 `yaml:"total_cash"`          // closed-economy, a multiple of Records
}

// proportions lists the mix by kind.
func (s Spec) proportions() [KindCount]float64 {
	return [KindCount]float64{
		Ping:            s.PingProportion,
		Read:            s.ReadProportion,
		Update:          s.UpdateProportion,
		ReadModifyWrite: s.ReadModifyWriteProportion,
		Insert:          s.InsertProportion,
	}
}

// HasData reports whether any operation of the mix touches a key; a pure ping workload
// needs no records and has nothing to load.
func (s Spec) HasData() bool { return s.PingProportion < 1 }

// Validate returns an error wrapping ErrSpec that names the first bad field and its value.
func (s Spec) Validate() error {
	if s.Transactional() {
		return s.validateTransactional()
	}
	if err := s.validateMix(); err != nil {
		return err
	}
	if s.Mapping != "" && s.Mapping != MappingString && s.Mapping != MappingHash {
		return s.bad("mapping", s.Mapping, "want "+MappingString+" or "+MappingHash)
	}
	if s.RMW != "" && s.RMW != RMWClient {
		return s.bad("rmw", s.RMW, "want "+RMWClient+" or "+RMWTxn)
	}
	if !s.HasData() {
		return nil
	}
	return s.validateData()
}

func (s Spec) validateData() error {
	if s.Records < 1 || s.Records > MaxRecords {
		return s.bad("records", s.Records, fmt.Sprintf("want 1 to %d", uint64(MaxRecords)))
	}
	if s.ValueBytes < MinValueBytes || s.ValueBytes > MaxValueBytes {
		return s.bad("value_bytes", s.ValueBytes, fmt.Sprintf("want %d to %d", MinValueBytes, MaxValueBytes))
	}
	if sizes := []string{"", SizeConstant, SizeUniform, SizeZipfian, SizeETC}; !slices.Contains(sizes, s.ValueSizes) {
		return s.bad("value_sizes", strconv.Quote(s.ValueSizes), fmt.Sprintf("want one of %q", sizes[1:]))
	}
	if s.InsertOrder != "" && s.InsertOrder != InsertHashed && s.InsertOrder != InsertOrdered {
		return s.bad("insert_order", strconv.Quote(s.InsertOrder), "want "+InsertHashed+" or "+InsertOrdered)
	}
	if s.Mapping == MappingHash && (s.ValueBytes%HashFields != 0 || s.ValueBytes < HashFields*MinValueBytes) {
		return s.bad("value_bytes", s.ValueBytes, fmt.Sprintf("want a multiple of %d from %d on for %d fields",
			HashFields, HashFields*MinValueBytes, HashFields))
	}
	if s.Mapping == MappingHash && s.ValueSizes != "" && s.ValueSizes != SizeConstant {
		return s.bad("value_sizes", s.ValueSizes, "the fields of a hash are "+SizeConstant)
	}
	if s.MaxScanLength != 0 {
		return s.bad("max_scan_length", s.MaxScanLength, "there are no scans, want 0")
	}
	return s.validateDistribution()
}

func (s Spec) validateMix() error {
	if s.Name == "" {
		return fmt.Errorf("%w: name is empty", ErrSpec)
	}
	var sum float64
	for kind, p := range s.proportions() {
		if !(p >= 0 && p <= 1) {
			return s.bad("proportion of "+Kind(kind).String(), p, "want 0 to 1")
		}
		sum += p
	}
	if math.Abs(sum-1) > 1e-9 {
		return s.bad("sum of proportions", sum, "want 1")
	}
	return nil
}

func (s Spec) validateDistribution() error {
	switch s.Distribution {
	case Uniform, Exponential, Latest, Sequential:
		if s.Theta != 0 {
			return s.bad("theta", s.Theta, s.Distribution+" has none, want 0")
		}
		if s.Transactional() && (s.Distribution == Latest || s.Distribution == Sequential) {
			return s.bad("distribution", s.Distribution, "transactions do not have it")
		}
	case Zipfian:
		if !(s.Theta > 0 && s.Theta <= MaxTheta) {
			return s.bad("theta", s.Theta, fmt.Sprintf("want above 0, at most %g", MaxTheta))
		}
	case YCSBZipfian:
		if s.Theta != YCSBTheta {
			return s.bad("theta", s.Theta, fmt.Sprintf("%s fixes it at %g", YCSBZipfian, YCSBTheta))
		}
	case Hotspot:
		if s.Theta != 0 {
			return s.bad("theta", s.Theta, "hotspot has none, want 0")
		}
		if !(s.HotKeys > 0 && s.HotKeys <= MaxRecords) {
			return s.bad("hot_keys", s.HotKeys, "want above 0: a number of keys, or below 1 a share of them")
		}
		if !(s.HotShare > 0 && s.HotShare <= 1) {
			return s.bad("hot_share", s.HotShare, "want above 0, at most 1")
		}
	default:
		return s.bad("distribution", fmt.Sprintf("%q", s.Distribution),
			fmt.Sprintf("want one of %v", Distributions))
	}
	return nil
}

func (s Spec) bad(field string, value any, want string) error {
	return fmt.Errorf("%w %q: %s is %v: %s", ErrSpec, s.Name, field, value, want)
}
