package redolog

import "hash/crc32"

// AppendUnchecked is Append without a look at the records: what a fault of ours might write.
func (l *Log) AppendUnchecked(records []byte, first, last uint64, count uint32) error {
	return l.write(frameHeader{
		kind: frameData, payloadBytes: uint32(len(records)), payloadCRC: crc32.Checksum(records, castagnoli),
		records: count, first: first, last: last,
	}, records)
}
