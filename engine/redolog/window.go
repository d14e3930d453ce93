package redolog

import (
	"fmt"
	"io"
)

// window reads a file front to back in large pieces and gives views into them.
type window struct {
	file File
	name string
	size int64
	at   int64 // offset of buf[0]
	buf  []byte
	full []byte // all of the buffer, of which buf is what has been read into
}

func newWindow(f File, name string) (*window, error) {
	size, err := f.SizeBytes()
	return &window{file: f, name: name, size: size}, err
}

// view returns n bytes at an offset, until the next call; io.ErrUnexpectedEOF if the file ends before.
func (w *window) view(offset int64, n int) ([]byte, error) {
	if offset+int64(n) > w.size {
		return nil, io.ErrUnexpectedEOF
	}
	if offset < w.at || offset+int64(n) > w.at+int64(len(w.buf)) {
		if err := w.fill(offset, n); err != nil {
			return nil, err
		}
	}
	return w.buf[offset-w.at:][:n:n], nil
}

func (w *window) fill(offset int64, n int) error {
	want := int(min(int64(max(n, readChunkBytes)), w.size-offset))
	if want > len(w.full) {
		w.full = make([]byte, want)
	}
	w.at, w.buf = offset, w.full[:want]
	if _, err := w.file.ReadAt(w.buf, offset); err != nil {
		w.buf = nil
		return fmt.Errorf("read %s at offset %d: %w", w.name, offset, err)
	}
	return nil
}
