package engine

import "time"

// turn is a mutex that need not be waited for longer than until a deadline.
type turn chan struct{}

func (t turn) take() { t <- struct{}{} }

func (t turn) give() { <-t }

// takeBefore takes the turn, or reports that the deadline came first.
func (t turn) takeBefore(deadline time.Time) bool {
	select {
	case t <- struct{}{}:
		return true
	default:
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case t <- struct{}{}:
		return true
	case <-timer.C:
		return false
	}
}
