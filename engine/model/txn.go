package model

import (
	"bytes"
	"maps"
)

// Txn is a transaction under optimistic concurrency control (Kung and Robinson, 1981, backward validation) on a
// snapshot: it reads the records committed when it began, keeps its writes to itself, and at Commit, if it wrote
// anything, checks that what it read is still the latest. Absence is a state like any other: a key read as
// missing may come and go before Commit.
type Txn struct {
	db       *DB
	records  map[string]record // as they were at the beginning
	reads    map[string]uint64 // version of what was read, 0 for a missing key
	writes   map[string]write
	readOnly bool
	done     bool
}

// write is what a transaction will do to one key.
type write struct {
	value   []byte
	deleted bool
}

// Begin starts a transaction. Any number may be open.
func (db *DB) Begin() *Txn {
	return &Txn{db: db, records: maps.Clone(db.records), reads: map[string]uint64{}, writes: map[string]write{}}
}

// BeginReadOnly starts a transaction that may not write and always commits.
func (db *DB) BeginReadOnly() *Txn {
	t := db.Begin()
	t.readOnly = true
	return t
}

// Get returns a copy of the value of key, as this transaction wrote it, or else as it was when it began.
func (t *Txn) Get(key []byte) (value []byte, found bool, err error) {
	if err := t.check(key); err != nil {
		return nil, false, err
	}
	if w, ok := t.writes[string(key)]; ok {
		return bytes.Clone(w.value), !w.deleted, nil
	}
	r, found := t.records[string(key)]
	if _, ok := t.reads[string(key)]; !ok {
		t.reads[string(key)] = r.version
	}
	return bytes.Clone(r.value), found, nil
}

// Set makes value the value of key when the transaction commits. It is not a read: it never conflicts.
func (t *Txn) Set(key, value []byte) error {
	if err := t.check(key); err != nil {
		return err
	}
	if len(value) > MaxValueBytes {
		return ErrValueTooLarge
	}
	if t.readOnly {
		return ErrReadOnly
	}
	t.writes[string(key)] = write{value: append([]byte{}, value...)}
	return nil
}

// Delete removes key when the transaction commits and reports whether it is there now, which is a read. Deleting
// a missing key writes nothing.
func (t *Txn) Delete(key []byte) (found bool, err error) {
	if _, found, err = t.Get(key); err != nil || !found {
		return false, err
	}
	if t.readOnly {
		return false, ErrReadOnly
	}
	t.writes[string(key)] = write{deleted: true}
	return found, nil
}

// Commit makes the writes take effect at once, or returns ErrConflict and makes none. Either way t is over.
func (t *Txn) Commit() error {
	if t.done {
		return ErrDone
	}
	t.done = true
	if t.conflicts() {
		return ErrConflict
	}
	if len(t.writes) > 0 {
		t.db.clock++
	}
	for key, w := range t.writes {
		if w.deleted {
			delete(t.db.records, key)
			t.db.removed[key] = t.db.clock
		} else {
			t.db.records[key] = record{value: w.value, version: t.db.clock}
		}
	}
	return nil
}

// conflicts reports whether the transaction wrote something and a key that it read has changed since.
func (t *Txn) conflicts() bool {
	if len(t.writes) == 0 {
		return false
	}
	for key, version := range t.reads {
		if t.db.records[key].version != version {
			return true
		}
	}
	return false
}

// Abort ends the transaction without effect.
func (t *Txn) Abort() error {
	if t.done {
		return ErrDone
	}
	t.done = true
	return nil
}

func (t *Txn) check(key []byte) error {
	if t.done {
		return ErrDone
	}
	return checkKeys(key)
}

// checkKeys returns ErrKeyTooLarge if one of keys is.
func checkKeys(keys ...[]byte) error {
	for _, key := range keys {
		if len(key) > MaxKeyBytes {
			return ErrKeyTooLarge
		}
	}
	return nil
}
