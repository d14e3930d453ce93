package model

import "errors"

// Limits of the engine.
const (
	MaxKeyBytes   = 512
	MaxValueBytes = 64 << 10
)

var (
	// ErrKeyTooLarge is returned by every operator given a key of more than MaxKeyBytes.
	ErrKeyTooLarge = errors.New("key exceeds 512 bytes")
	// ErrValueTooLarge is returned by Set given a value of more than MaxValueBytes.
	ErrValueTooLarge = errors.New("value exceeds 65536 bytes")
	// ErrConflict is returned by Commit when a key that the transaction read has changed since.
	ErrConflict = errors.New("transaction conflict, retry")
	// ErrReadOnly is returned by a write in a transaction that may only read.
	ErrReadOnly = errors.New("transaction is read-only")
	// ErrDone is returned by every operator of a transaction that was committed or aborted.
	ErrDone = errors.New("transaction is over")
)

// DB is a key-value store of records in memory. It is not safe for concurrent use: it says what a history of
// operators means once their order is known. Create one with [NewDB].
type DB struct {
	records  map[string]record
	clock    uint64            // commit timestamp of the latest commit that wrote
	removed  map[string]uint64 // when each key was last removed
	flushes  uint64
	sessions uint64 // sessions opened so far, the source of their ids
}

// record is one key's value and the commit timestamp that wrote it.
type record struct {
	value   []byte
	version uint64
}

// NewDB returns an empty database.
func NewDB() *DB {
	return &DB{records: map[string]record{}, removed: map[string]uint64{}}
}

// Get returns a copy of the value of key and whether there is one.
func (db *DB) Get(key []byte) (value []byte, found bool, err error) {
	err = db.atomically(func(t *Txn) error {
		value, found, err = t.Get(key)
		return err
	})
	return value, found, err
}

// Set makes value the value of key.
func (db *DB) Set(key, value []byte) error {
	return db.atomically(func(t *Txn) error { return t.Set(key, value) })
}

// Delete removes key and reports whether it was there.
func (db *DB) Delete(key []byte) (found bool, err error) {
	err = db.atomically(func(t *Txn) error {
		found, err = t.Delete(key)
		return err
	})
	return found, err
}

// Len returns how many keys have a value.
func (db *DB) Len() int {
	return len(db.records)
}

// Flush removes every key.
func (db *DB) Flush() {
	clear(db.records)
	db.flushes++
}

// atomically runs one transaction; it cannot conflict, for nothing runs beside it.
func (db *DB) atomically(run func(*Txn) error) error {
	t := &Txn{db: db, records: db.records, reads: map[string]uint64{}, writes: map[string]write{}}
	if err := run(t); err != nil {
		t.Abort()
		return err
	}
	return t.Commit()
}
