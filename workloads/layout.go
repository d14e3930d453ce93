package workloads

import (
	"fmt"
	"strconv"
)

// Orders in which keys are inserted: what a key number is called.
const (
	InsertHashed  = "hashed"  // by the hash of the number, YCSB's default
	InsertOrdered = "ordered" // by the number itself
)

// Layout is how the records of a workload are named and how long they are.
type Layout struct {
	ordered bool
	sizes   Sizes
}

// NewLayout returns the layout of a valid spec.
func NewLayout(spec Spec) Layout {
	return Layout{ordered: spec.InsertOrder == InsertOrdered, sizes: NewSizes(spec)}
}

// NewFieldLayout is the layout of the fields of a valid spec with MappingHash: keys have the
// same names, and the value of field f of key n is that of number FieldKey(n, f).
func NewFieldLayout(spec Spec) Layout {
	spec.ValueBytes /= HashFields
	return NewLayout(spec)
}

// FieldKey numbers the fields of all keys.
func FieldKey(key uint64, field int) uint64 { return key*HashFields + uint64(field) }

// FieldOf is the field that an update with this version rewrites.
func FieldOf(version uint32) int { return int(mix(uint64(version)) % HashFields) }

// AppendKey appends the name of key number n: at most MaxKeyBytes.
func (l Layout) AppendKey(dst []byte, n uint64) []byte {
	if l.ordered {
		return strconv.AppendUint(append(dst, "user"...), n, 10)
	}
	return AppendKey(dst, n)
}

// Size is the length of the value of a key and version.
func (l Layout) Size(key uint64, version uint32) int { return l.sizes.Of(key, version) }

// AppendValue appends the value of a key and version. One below MinValueBytes is the
// beginning of a longer one.
func (l Layout) AppendValue(dst []byte, key uint64, version uint32) []byte {
	size := l.sizes.Of(key, version)
	if size >= MinValueBytes {
		return AppendValue(dst, key, version, size)
	}
	return AppendValue(dst, key, version, MinValueBytes)[:len(dst)+size]
}

// Verify returns nil if AppendValue made the value for the key, of any version. A value
// below MinValueBytes tells less: its length is not checked before it holds its version, and
// nothing but the key before that.
func (l Layout) Verify(value []byte, key uint64) error {
	if len(value) == 0 || len(value) > l.sizes.largest {
		return fmt.Errorf("%w: key number %d has %d bytes, want 1 to %d",
			ErrValueCorrupt, key, len(value), l.sizes.largest)
	}
	if len(value) >= MinValueBytes {
		if err := VerifyValue(value, key); err != nil {
			return err
		}
	} else {
		var space [MinValueBytes]byte
		version := uint32(0)
		if len(value) >= headerBytes {
			version = VersionOf(value)
		}
		whole := AppendValue(space[:0], key, version, MinValueBytes)
		known := min(len(value), keyChars)
		if string(value[:known]) != string(whole[:known]) {
			return fmt.Errorf("%w: read key number %d, value %q", ErrValueKey, key, value)
		}
		if len(value) >= headerBytes && string(value) != string(whole[:len(value)]) {
			return fmt.Errorf("%w: key number %d version %d, value %q", ErrValueCorrupt, key, version, value)
		}
	}
	if len(value) < headerBytes && l.sizes.kind != SizeConstant {
		return nil
	}
	if want := l.sizes.Of(key, VersionOf(value)); len(value) != want {
		return fmt.Errorf("%w: key number %d has %d bytes, want %d", ErrValueCorrupt, key, len(value), want)
	}
	return nil
}
