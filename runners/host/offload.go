package host

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// offloads are the questions of ethtool(8) that have a yes or no for an answer (ethtool.h).
var offloads = map[string]uint32{
	"rx-checksum":    unix.ETHTOOL_GRXCSUM,
	"tx-checksum":    unix.ETHTOOL_GTXCSUM,
	"scatter-gather": unix.ETHTOOL_GSG,
	"tso":            unix.ETHTOOL_GTSO,
	"gso":            unix.ETHTOOL_GGSO,
	"gro":            unix.ETHTOOL_GGRO,
}

// largeReceive is the bit of ETHTOOL_GFLAGS for LRO.
const largeReceive = 1 << 15

// ReadOffloads says which work of the network stack an interface takes over: loopback and
// veth pass packets of 64 KiB around with checksums never computed, which no wire does. What
// cannot be asked is left out.
func ReadOffloads(device string) map[string]bool {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(socket)
	found := map[string]bool{}
	for name, question := range offloads {
		if answer, ok := ask(socket, device, question); ok {
			found[name] = answer != 0
		}
	}
	if flags, ok := ask(socket, device, unix.ETHTOOL_GFLAGS); ok {
		found["lro"] = flags&largeReceive != 0
	}
	return found
}

// ask is one SIOCETHTOOL with a struct ethtool_value.
func ask(socket int, device string, question uint32) (answer uint32, ok bool) {
	value := struct{ command, data uint32 }{command: question}
	request := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte // the rest of struct ifreq's union
	}{data: unsafe.Pointer(&value)}
	copy(request.name[:unix.IFNAMSIZ-1], device)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(socket), unix.SIOCETHTOOL,
		uintptr(unsafe.Pointer(&request)))
	return value.data, errno == 0
}
