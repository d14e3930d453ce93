package redolog

import (
	"cmp"
	"fmt"
)

// scanned is a segment and what was found in it.
type scanned struct {
	segmentFile
	extent
}

// scanSegment walks through a segment and looks behind its end.
func scanSegment(file File, s segmentFile) (scanned, error) {
	w, err := newWindow(file, s.name)
	if err != nil {
		return scanned{}, err
	}
	e, err := walk(w, s.header, nil)
	if err == nil {
		err = e.lookBehind(w, s.header.seed())
	}
	return scanned{s, e}, err
}

// damage is where a log ends though it had been durable beyond.
type damage struct {
	Problem
	at   int // index of the segment
	lost behind
}

// judge tells a log that ends where it may from one that is damaged: it returns the first damage, nil if there is
// none. The segments follow each other; newest is the checkpoint that recovery begins with, nil if there is none.
func judge(segments []scanned, newest *checkpointFile) *damage {
	for n, s := range segments {
		what := s.durable(newest)
		if n+1 < len(segments) {
			what = s.leadsTo(segments[n+1])
		}
		if what == "" {
			continue
		}
		d := &damage{Problem{s.name, s.end, what}, n, s.behind}
		for _, later := range segments[n+1:] {
			d.lost.frames += later.frames + later.behind.frames
			d.lost.records += later.records + later.behind.records
		}
		return d
	}
	return nil
}

// found says what is at the end of the whole frames.
func (e *extent) found() string { return cmp.Or(e.what, "there is no frame") }

// leadsTo says what is missing before the next segment, "" if nothing. A segment is durable before the next one is
// made, and what is behind its last frame does not matter then.
func (s *scanned) leadsTo(next scanned) (what string) {
	if s.last == next.header.follows {
		return ""
	}
	return fmt.Sprintf("%s, but %s says that the segment before it ends at lsn %d, and it ends at %d",
		s.found(), next.name, next.header.follows, s.last)
}

// durable says why what is missing at the end of the last segment had been durable, "" if nothing proves that.
func (s *scanned) durable(newest *checkpointFile) (what string) {
	switch {
	case s.impossible:
		return s.found() + ", though its checksum is right"
	case s.behind.synced > s.last:
		return fmt.Sprintf("%s, but a later frame says that the log was durable up to lsn %d, and it ends at %d",
			s.found(), s.behind.synced, s.last)
	case newest != nil && newest.sums.logLSN > s.last:
		return fmt.Sprintf("%s, but %s says that the log was durable up to lsn %d, and it ends at %d",
			s.found(), newest.name, newest.sums.logLSN, s.last)
	}
	return ""
}

// cutOff describes what an unfinished end has, nil if nothing.
func (s *scanned) cutOff() *Cut {
	if s.behind.bytes == 0 {
		return nil
	}
	what := cmp.Or(s.what, "there is no frame, but something behind it")
	return &Cut{s.name, s.end, what, s.behind.bytes, s.behind.frames, s.behind.records}
}
