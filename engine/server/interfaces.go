package server

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

var errNoInterface = errors.New("no Ethernet or loopback interface that is up")

// findInterfaces gives the indices of the named interfaces, or of those that have the address: all of them for the
// unspecified one.
func findInterfaces(names []string, addr netip.Addr) ([]int, error) {
	var indices []int
	for _, name := range names {
		i, err := net.InterfaceByName(name)
		if err != nil {
			return nil, fmt.Errorf("%w: interface %s: %w", ErrAddress, name, err)
		}
		if !carriesEthernet(i) {
			return nil, fmt.Errorf("%w: interface %s is not an Ethernet or loopback device", ErrAddress, name)
		}
		indices = append(indices, i.Index)
	}
	if len(indices) > 0 {
		return indices, nil
	}
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	for _, i := range all {
		if i.Flags&net.FlagUp != 0 && carriesEthernet(&i) && (addr.IsUnspecified() || hasAddress(&i, addr)) {
			indices = append(indices, i.Index)
		}
	}
	if len(indices) == 0 {
		return nil, fmt.Errorf("%w: wire path: %w has %s", ErrPath, errNoInterface, addr)
	}
	return indices, nil
}

func carriesEthernet(i *net.Interface) bool {
	return i.Flags&net.FlagLoopback != 0 || len(i.HardwareAddr) == 6
}

// hasAddress tells whether packets to addr come in by the interface; all of 127.0.0.0/8 is on loopback.
func hasAddress(i *net.Interface, addr netip.Addr) bool {
	if addr.IsLoopback() {
		return i.Flags&net.FlagLoopback != 0
	}
	addresses, err := i.Addrs()
	if err != nil {
		return false
	}
	for _, a := range addresses {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Addr().WithZone("") == addr.WithZone("") {
			return true
		}
	}
	return false
}
