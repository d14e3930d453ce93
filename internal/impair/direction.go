package impair

import (
	"container/heap"
	"math/rand/v2"
	"time"

	"golang.org/x/sys/unix"
)

// direction moves frames from one side to the other.
type direction struct {
	*relay
	side   int // where the frames come from
	random *rand.Rand
	line   delayLine
	taken  uint64 // frames put into the line
}

func (d *direction) run() {
	frame := make([]byte, maxFrame)
	for {
		select {
		case <-d.stop:
			return
		default:
		}
		wait := d.deliver(time.Now())
		n, _, err := unix.Recvfrom(d.sockets[d.side], frame, unix.MSG_DONTWAIT)
		if err != nil {
			poll := []unix.PollFd{{Fd: int32(d.sockets[d.side]), Events: unix.POLLIN}}
			timeout := unix.NsecToTimespec(int64(wait))
			_, _ = unix.Ppoll(poll, &timeout, nil) // whatever it says, the loop looks again
			continue
		}
		if n <= ethernet {
			continue
		}
		if watch := d.watcher(); d.side == 0 && watch != nil {
			watch.Sent(frame[:n])
		}
		d.treat(frame[:n], d.impairment.Load())
	}
}

// deliver sends what is due and tells how long the rest can wait.
func (d *direction) deliver(now time.Time) time.Duration {
	for len(d.line) > 0 {
		if wait := d.line[0].due.Sub(now); wait > 0 {
			return min(wait, pollTimer)
		}
		d.send(1-d.side, heap.Pop(&d.line).(held).frame)
	}
	return pollTimer
}

// treat rolls every die for every frame, so that a seed means the same whatever the shares are.
func (d *direction) treat(frame []byte, i *Impairment) {
	lost, doubled := d.random.Float64() < i.Loss, d.random.Float64() < i.Duplicate
	late, damaged := d.random.Float64() < i.Reorder, d.random.Float64() < i.Corrupt
	marked, where := d.random.Float64() < i.Mark, d.random.IntN(1<<30)
	if lost {
		d.count.lost.Add(1)
		return
	}
	if i.MTU > 0 && len(frame) > ethernet+i.MTU {
		d.tooBig(frame, i)
		return
	}
	if marked && markCongestion(frame) {
		d.count.marked.Add(1)
	}
	if i.Change != nil {
		i.Change(frame)
	}
	if damaged {
		d.count.damaged.Add(1)
		bit := where % ((len(frame) - ethernet) * 8)
		frame[ethernet+bit/8] ^= 1 << (bit % 8)
	}
	delay := i.Delay
	if late {
		d.count.delayed.Add(1)
		delay += i.ReorderBy
	}
	d.pass(frame, delay)
	if doubled {
		d.count.doubled.Add(1)
		d.pass(frame, delay)
	}
}

func (d *direction) pass(frame []byte, delay time.Duration) {
	if delay == 0 {
		d.send(1-d.side, frame)
		return
	}
	d.taken++
	heap.Push(&d.line, held{time.Now().Add(delay), d.taken, append([]byte(nil), frame...)})
}

// held is a frame on its way.
type held struct {
	due   time.Time
	order uint64
	frame []byte
}

// delayLine is a heap of frames, the next one due first.
type delayLine []held

func (l delayLine) Len() int { return len(l) }
func (l delayLine) Less(i, j int) bool {
	return l[i].due.Before(l[j].due) || l[i].due.Equal(l[j].due) && l[i].order < l[j].order
}
func (l delayLine) Swap(i, j int)  { l[i], l[j] = l[j], l[i] }
func (l *delayLine) Push(item any) { *l = append(*l, item.(held)) }
func (l *delayLine) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}
