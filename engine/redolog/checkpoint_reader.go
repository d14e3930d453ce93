package redolog

import (
	"errors"
	"fmt"
	"sync"
)

// checkpointFile is a checkpoint. Its file is open only while it is read.
type checkpointFile struct {
	file File
	name string
	lsn  uint64
	seed uint32
	size int64
	sums trailer // filled in by the first complete reading
}

// openCheckpoint opens a checkpoint and reads its header. What is not "" if it is damaged, and then there is no
// file; err is ErrVersion, ErrForeign or an error of reading.
func openCheckpoint(fs FS, lsn uint64, id StoreID) (c *checkpointFile, what string, err error) {
	name := checkpointName(lsn)
	file, err := fs.Open(name, false)
	if err != nil {
		return nil, "", err
	}
	h, what, err := readHeader(file, name, checkpointMagic)
	if err == nil && what == "" {
		if what = checkNumber(h, lsn); what == "" {
			err = checkStore(h, name, &id)
		}
	}
	if err != nil || what != "" {
		return nil, what, errors.Join(err, file.Close())
	}
	size, err := file.SizeBytes()
	if err != nil {
		return nil, "", errors.Join(err, file.Close())
	}
	return &checkpointFile{file: file, name: name, lsn: lsn, seed: h.seed(), size: size}, "", nil
}

// checkNumber compares a file's header with its name.
func checkNumber(h fileHeader, number uint64) (what string) {
	if h.number != number {
		return fmt.Sprintf("the file's header says it is number %d", h.number)
	}
	return ""
}

// checkStore compares a file's store with the one of the files before, and takes it over if it is the first.
func checkStore(h fileHeader, name string, id *StoreID) error {
	if *id == (StoreID{}) {
		*id = h.id
	}
	if h.id != *id {
		return fmt.Errorf("%w: %s belongs to store %v, the others to %v", ErrForeign, name, h.id, *id)
	}
	return nil
}

// load gives the entries of all blocks to f, in any order, from workers goroutines, each of which has a number
// from 0. A Problem is what is damaged, nil if nothing; err is of reading or f's, the first of them.
func (c *checkpointFile) load(workers int, f func(worker int, entries Entries) error) (*Problem, error) {
	l := loading{file: c, offset: HeaderBytes}
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() { // ends with the blocks, or with the first error of anyone
			var buffer []byte
			for {
				h, at, ok := l.next()
				if !ok {
					return
				}
				buffer = l.read(h, at, buffer, func(entries Entries) error { return f(worker, entries) })
			}
		})
	}
	group.Wait()
	c.sums = l.mu.sums
	return l.mu.problem, l.mu.err
}

// loading is the state of several goroutines that read one checkpoint.
type loading struct {
	file *checkpointFile
	mu   struct {
		sync.Mutex
		sums    trailer
		done    bool
		problem *Problem
		err     error
	}
	offset int64 // of the next block; guarded by mu
}

// next takes the next block. It reads only the header, so that who waits for it does not wait long.
func (l *loading) next() (h blockHeader, at int64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.done {
		return h, 0, false
	}
	at = l.offset
	p, what, err := pieceAt(l.file.file, l.file.name, l.file.seed, at)
	if p.trailer != nil {
		what = l.checkEnd(*p.trailer, at)
	} else if what == "" && at+p.block.bytes() > l.file.size {
		what = "the file ends inside a block"
	}
	if err != nil || what != "" || p.trailer != nil {
		l.stopLocked(at, what, err)
		return h, 0, false
	}
	l.mu.sums.count(p.block)
	l.offset += p.block.bytes()
	return p.block, at, true
}

// checkEnd compares the trailer at an offset with what was read.
func (l *loading) checkEnd(t trailer, at int64) (what string) {
	l.mu.sums.logLSN = t.logLSN
	if t != l.mu.sums {
		return fmt.Sprintf("the trailer says %d keys in %d blocks of %d bytes, there are %d in %d of %d, or others",
			t.keys, t.blocks, t.bytes, l.mu.sums.keys, l.mu.sums.blocks, l.mu.sums.bytes)
	}
	if extra := l.file.size - at - CheckpointHeaderBytes; extra != 0 {
		return fmt.Sprintf("the trailer is followed by %d bytes", extra)
	}
	return ""
}

// read checks a block and gives it to f. It returns the buffer it read into.
func (l *loading) read(h blockHeader, at int64, buffer []byte, f func(Entries) error) []byte {
	if int(h.payloadBytes) > len(buffer) {
		buffer = make([]byte, h.payloadBytes)
	}
	payload := buffer[:h.payloadBytes]
	what := ""
	_, err := l.file.file.ReadAt(payload, at+CheckpointHeaderBytes)
	if err != nil {
		err = fmt.Errorf("read %s at offset %d: %w", l.file.name, at, err)
	} else if what = checkBlock(h, payload); what == "" {
		err = f(payload)
	}
	if err != nil || what != "" {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.stopLocked(at, what, err)
	}
	return buffer
}

func (l *loading) stopLocked(at int64, what string, err error) {
	l.mu.done = true
	if what != "" && l.mu.problem == nil {
		l.mu.problem = &Problem{l.file.name, at, what}
	}
	if l.mu.err == nil {
		l.mu.err = err
	}
}
