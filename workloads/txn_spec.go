package workloads

import (
	"fmt"
	"math"
	"slices"
)

// Families lists the families of transactional workloads.
var Families = []string{
	FamilyVoter, FamilySmallBank, FamilyTATP, FamilyClosedEconomy, FamilyRecords, FamilyFour, FamilyScans,
}

// Transactional reports whether the workload is made of transactions, see NewTxnStream,
// instead of operations on single keys, see NewStream.
func (s Spec) Transactional() bool { return s.familyName() != "" }

// txnPresets are the transactional workloads at the sizes their sources give.
var txnPresets = []Spec{
	{Name: "voter", Family: FamilyVoter, Records: uint64(305 * phonesPerArea), MaxVotesPerPhone: 2},
	{
		Name: "smallbank", Family: FamilySmallBank, Records: 1_000_000,
		MinBalanceCents: 1_000_000, MaxBalanceCents: 5_000_000,
	},
	{Name: "tatp", Family: FamilyTATP, Records: 100_000},
	{
		Name: "ycsb-t", Family: FamilyClosedEconomy, Records: 10_000, TotalCash: 1_000_000,
		ReadProportion: 0.9, ReadModifyWriteProportion: 0.1,
	},
	{
		Name: "ycsb-e", Family: FamilyScans, Records: presetRecords, ValueBytes: presetValueBytes,
		ScanProportion: 0.95, InsertProportion: 0.05, MaxScanLength: 100,
		Distribution: Zipfian, Theta: YCSBTheta,
	},
	{Name: "txn4", Family: FamilyFour, Records: presetRecords, ValueBytes: presetValueBytes},
}

// familyName is the family, also of a workload that only its read-modify-writes make one.
func (s Spec) familyName() string {
	if s.Family == "" && s.RMW == RMWTxn {
		return FamilyRecords
	}
	return s.Family
}

func (s Spec) validateTransactional() error {
	if s.Name == "" {
		return fmt.Errorf("%w: name is empty", ErrSpec)
	}
	if !slices.Contains(Families, s.familyName()) {
		return s.bad("family", fmt.Sprintf("%q", s.Family), fmt.Sprintf("want one of %v", Families))
	}
	if err := s.validateParameters(); err != nil {
		return err
	}
	least := uint64(2) // two different ones are drawn
	if s.familyName() == FamilyFour {
		least = GroupKeys
	}
	if s.Records < least || s.Records > MaxRecords {
		return s.bad("records", s.Records, fmt.Sprintf("want %d to %d", least, uint64(MaxRecords)))
	}
	return s.validateDistribution()
}

// validateParameters checks what only one family has, and that the others leave it alone.
func (s Spec) validateParameters() error {
	name := s.familyName()
	for _, p := range []struct {
		field, family string
		value         float64
		least, most   float64
	}{
		{"max_votes_per_phone", FamilyVoter, float64(s.MaxVotesPerPhone), 1, 1e9},
		{"min_balance_cents", FamilySmallBank, float64(s.MinBalanceCents), 0, float64(s.MaxBalanceCents)},
		{"max_balance_cents", FamilySmallBank, float64(s.MaxBalanceCents), 0, 1e15},
		{"total_cash", FamilyClosedEconomy, float64(s.TotalCash), float64(s.Records), 1e18},
	} {
		if name == p.family && !(p.value >= p.least && p.value <= p.most) {
			return s.bad(p.field, p.value, fmt.Sprintf("want %.0f to %.0f", p.least, p.most))
		}
		if name != p.family && p.value != 0 {
			return s.bad(p.field, p.value, "only "+p.family+" has one")
		}
	}
	switch name {
	case FamilyVoter:
		if limit := uint64(len(areas)) * phonesPerArea; s.Records > limit {
			return s.bad("records", s.Records, fmt.Sprintf("there are %d phones", limit))
		}
	case FamilyClosedEconomy:
		if s.Records > 0 && s.TotalCash%int64(s.Records) != 0 {
			return s.bad("total_cash", s.TotalCash, fmt.Sprintf("want a multiple of records, %d", s.Records))
		}
	case FamilyFour:
		if s.Records%GroupKeys != 0 {
			return s.bad("records", s.Records, fmt.Sprintf("want a multiple of %d", GroupKeys))
		}
	}
	return s.validateShares(name)
}

// validateShares checks values and mix, which most families fix.
func (s Spec) validateShares(name string) error {
	if hasValues := name == FamilyRecords || name == FamilyFour || name == FamilyScans; hasValues {
		if s.ValueBytes < MinValueBytes || s.ValueBytes > MaxValueBytes {
			return s.bad("value_bytes", s.ValueBytes, fmt.Sprintf("want %d to %d", MinValueBytes, MaxValueBytes))
		}
	} else if s.ValueBytes != 0 {
		return s.bad("value_bytes", s.ValueBytes, "the rows of "+name+" have their own sizes")
	}
	if s.ValueSizes != "" && s.ValueSizes != SizeConstant || s.InsertOrder != "" && s.InsertOrder != InsertHashed {
		return s.bad("value_sizes", s.ValueSizes+" "+s.InsertOrder, "transactions do not have them")
	}
	if name == FamilyScans {
		return s.validateScans()
	}
	want := 0.0
	if name == FamilyRecords || name == FamilyClosedEconomy {
		want = 1
	}
	sum := s.ReadProportion + s.ReadModifyWriteProportion
	if s.PingProportion != 0 || s.UpdateProportion != 0 || s.InsertProportion != 0 || s.ScanProportion != 0 ||
		s.MaxScanLength != 0 || !(math.Abs(sum-want) <= 1e-9) ||
		s.ReadProportion < 0 || s.ReadModifyWriteProportion < 0 {
		return s.bad("sum of proportions", sum, fmt.Sprintf("want %g, of reads and read-modify-writes", want))
	}
	return nil
}

// validateScans wants scans and inserts only.
func (s Spec) validateScans() error {
	if sum := s.ScanProportion + s.InsertProportion; !(math.Abs(sum-1) <= 1e-9) || s.InsertProportion < 0 {
		return s.bad("sum of proportions", sum, "want 1, of scans and inserts")
	}
	if s.MaxScanLength < 1 || s.MaxScanLength > MaxScanLength {
		return s.bad("max_scan_length", s.MaxScanLength, fmt.Sprintf("want 1 to %d", MaxScanLength))
	}
	return nil
}
