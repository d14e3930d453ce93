package redolog

import "fmt"

// Options say where the log is and how it is divided.
type Options struct {
	// Dir is the directory of the log, created if missing. Where FS is given it is only named in errors.
	Dir string
	// FS is what the files are kept in; nil for the directory Dir of this machine.
	FS FS
	// SegmentBytes is the size of a segment, MinSegmentBytes to MaxSegmentBytes; default DefaultSegmentBytes. A
	// frame that does not fit in one gets a segment of its size.
	SegmentBytes int64
}

// check fills in the sizes that are zero and reports what is out of its range, as ErrOptions.
func (o Options) check() (Options, error) {
	if o.SegmentBytes == 0 {
		o.SegmentBytes = DefaultSegmentBytes
	}
	if o.SegmentBytes < MinSegmentBytes || o.SegmentBytes > MaxSegmentBytes {
		return o, fmt.Errorf("%w: segment bytes is %d, must be %d to %d",
			ErrOptions, o.SegmentBytes, MinSegmentBytes, MaxSegmentBytes)
	}
	if o.FS == nil && o.Dir == "" {
		return o, fmt.Errorf("%w: no directory", ErrOptions)
	}
	return o, nil
}
