package redolog

// Limits of what the log takes. Those of keys, values and entries are the engine's.
const (
	// MaxKeyBytes bounds the key of an entry.
	MaxKeyBytes = 512
	// MaxValueBytes bounds the value of an entry.
	MaxValueBytes = 64 << 10
	// MaxEntries bounds the entries of a record.
	MaxEntries = 1024
	// MaxRecordBytes bounds a record, its header included.
	MaxRecordBytes = 16 << 20
	// MaxFrameBytes bounds the records of one Append.
	MaxFrameBytes = 64 << 20
	// MinSegmentBytes and MaxSegmentBytes bound Options.SegmentBytes.
	MinSegmentBytes = 64 << 10
	MaxSegmentBytes = 1 << 30
	// DefaultSegmentBytes is the size of a segment where Options do not say.
	DefaultSegmentBytes = 64 << 20
	// MaxBlockBytes bounds the entries of one block of a checkpoint, and of one CheckpointWriter.Append.
	MaxBlockBytes = 16 << 20
	// MaxLoadWorkers bounds the goroutines of Recovery.Load.
	MaxLoadWorkers = 256
	// KeptCheckpoints is how many checkpoints Truncate keeps, with the log that leads from the oldest of them.
	KeptCheckpoints = 2
)

const (
	// blockTargetBytes is when a block of a checkpoint is full.
	blockTargetBytes = 1 << 20
	// checkpointSyncBytes is how much of a checkpoint may be unsynced: one fsync of a whole checkpoint at its
	// end would hold up the log's own for as long as that takes.
	checkpointSyncBytes = 16 << 20
	// readChunkBytes is how much of a file is read at once.
	readChunkBytes = 1 << 20
)
