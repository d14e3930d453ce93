package netns

import (
	"errors"
	"fmt"
	"math"
	"net"

	"bpfdb/runners/affinity"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// loss is a program at both ends of a link that drops what comes in.
type loss struct {
	collection *ebpf.Collection
	links      []link.Link
}

// Lossy prepares the link to lose packets, in both directions, before the programs of a server in the
// namespace see them; none until Lose says so.
func (n *Namespace) Lossy() error {
	spec, err := loadLoss()
	if err != nil {
		return fmt.Errorf("read embedded program: %w", err)
	}
	collection, err := ebpf.NewCollection(spec)
	if err != nil {
		return fmt.Errorf("load the program that loses packets: %w", err)
	}
	n.loss = &loss{collection: collection}
	if err := n.loss.attach(n.peer); err != nil {
		return err
	}
	return affinity.OnThread(func() error {
		if err := n.Enter(); err != nil {
			return err
		}
		return n.loss.attach(insideName)
	})
}

// attach puts the program before all others at the interface of the calling thread's namespace.
func (l *loss) attach(name string) error {
	dev, err := net.InterfaceByName(name)
	if err != nil {
		return err
	}
	at, err := link.AttachTCX(link.TCXOptions{
		Interface: dev.Index, Program: l.collection.Programs["bpfdb_lose"],
		Attach: ebpf.AttachTCXIngress, Anchor: link.Head(),
	})
	if err != nil {
		return fmt.Errorf("attach the program that loses packets to %s: %w", name, err)
	}
	l.links = append(l.links, at)
	return nil
}

// Lose sets the share of packets, 0 to 1, that each direction of a link prepared by Lossy loses from now on.
func (n *Namespace) Lose(share float64) error {
	if err := n.loss.collection.Variables["loss_share"].Set(uint32(min(share*(1<<32), math.MaxUint32))); err != nil {
		return fmt.Errorf("set the share of lost packets: %w", err)
	}
	return nil
}

func (l *loss) close() error {
	if l == nil {
		return nil
	}
	var errs []error
	for _, at := range l.links {
		errs = append(errs, at.Close())
	}
	l.collection.Close()
	return errors.Join(errs...)
}
