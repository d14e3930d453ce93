package system

import (
	"net"
	"net/netip"

	"bpfdb/runners/affinity"
	"bpfdb/runners/netns"
)

// Place is where a server runs; the zero value is the loopback interface and any processor.
type Place struct {
	Host      string           // address to listen on; empty means 127.0.0.1
	CPUs      affinity.Set     // nil: any
	Namespace *netns.Namespace // nil: the one we are in; otherwise Host is not used
}

// namespacePort is free in a namespace of the server's own.
const namespacePort = 6379

// enter makes the calling thread, and what it starts, belong to the place.
func (p Place) enter() error {
	if err := p.CPUs.PinThread(); err != nil || p.Namespace == nil {
		return err
	}
	return p.Namespace.Enter()
}

// freeAddr picks a port nobody uses. Another program may take it before the server does; the
// server then fails to start and says so.
func (p Place) freeAddr() (string, error) {
	if p.Namespace != nil {
		return netip.AddrPortFrom(p.Namespace.Inside, namespacePort).String(), nil
	}
	host := p.Host
	if host == "" {
		host = "127.0.0.1"
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
