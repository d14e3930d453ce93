// Package tracefile opens traces of caches on disk, packed or not.
package tracefile

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"bpfdb/workloads/trace"
)

// bufferBytes is read from disk at a time.
const bufferBytes = 1 << 20

// File is a trace that is read from its beginning. It must be closed.
type File struct {
	*trace.Reader
	closers []func() error
}

// Open opens a trace. What ends in .zst, as the published ones do, or .gz is unpacked on the
// way. Errors are those of the operating system or say that the file is not packed so; they
// name the file.
func Open(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open trace: %w", err)
	}
	f := &File{closers: []func() error{file.Close}}
	text, err := f.unpack(bufio.NewReaderSize(file, bufferBytes), filepath.Ext(path))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open trace %s: %w", path, err), f.Close())
	}
	f.Reader = trace.NewReader(text, path)
	return f, nil
}

func (f *File) unpack(packed io.Reader, extension string) (io.Reader, error) {
	switch extension {
	case ".gz":
		return gzip.NewReader(packed)
	case ".zst":
		// One goroutine: what is read ahead of a replay would only be thrown away.
		decoder, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		f.closers = append(f.closers, func() error { decoder.Close(); return nil })
		return decoder, nil
	}
	return packed, nil
}

// Close gives back what Open took.
func (f *File) Close() error {
	var errs []error
	for i := len(f.closers) - 1; i >= 0; i-- {
		errs = append(errs, f.closers[i]())
	}
	return errors.Join(errs...)
}
