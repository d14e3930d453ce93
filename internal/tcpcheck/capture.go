package tcpcheck

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// A capture file has a header, and one before each frame (draft-ietf-opsawg-pcap).
const (
	captureMagic    = 0xa1b23c4d // times in nanoseconds
	captureEthernet = 1
	snapBytes       = 1 << 16 // more than any frame has
)

// Capture writes frames to a file that tcpdump and tshark read.
type Capture struct {
	mu struct {
		sync.Mutex
		file *os.File
		err  error // the first one
	}
}

// NewCapture creates the file.
func NewCapture(path string) (*Capture, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	c := &Capture{}
	c.mu.file = file
	c.put(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint16(
		binary.LittleEndian.AppendUint16(words(captureMagic), 2), 4), 0), words(0, snapBytes, captureEthernet))
	return c, nil
}

// Received writes a frame.
func (c *Capture) Received(frame []byte) { c.frame(frame) }

// Sent writes a frame.
func (c *Capture) Sent(frame []byte) { c.frame(frame) }

func (c *Capture) frame(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, n := time.Now(), uint32(len(frame))
	c.put(words(uint32(now.Unix()), uint32(now.Nanosecond()), n, n), frame)
}

func (c *Capture) put(parts ...[]byte) {
	for _, p := range parts {
		if c.mu.err == nil {
			_, c.mu.err = c.mu.file.Write(p)
		}
	}
}

// Close ends the file and tells what went wrong with it.
func (c *Capture) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(c.mu.err, c.mu.file.Close())
}

func words(values ...uint32) []byte {
	var p []byte
	for _, v := range values {
		p = binary.LittleEndian.AppendUint32(p, v)
	}
	return p
}
