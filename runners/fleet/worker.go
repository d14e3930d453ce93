package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"bpfdb/runners/driver"
)

// Worker is the member's side: it carries out the one load that in brings and writes the
// result to out. Errors of the load are the coordinator's to report; what Worker returns are
// those of the conversation.
func Worker(ctx context.Context, in io.Reader, out io.Writer) error {
	orders, replies := json.NewDecoder(in), json.NewEncoder(out)
	var first order
	if err := orders.Decode(&first); err != nil {
		return fmt.Errorf("read load: %w", err)
	}
	if first.Load == nil {
		return errors.New("read load: the first order has none")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cfg := *first.Load
	cfg.Starting = func() {
		start, err := awaitStart(orders, replies)
		if err != nil {
			cancel(err)
			return
		}
		go watchInput(orders, cancel) // ends with the input, or the process
		time.Sleep(time.Until(start))
	}
	result, err := driver.Run(ctx, cfg)
	if err != nil {
		return replies.Encode(report{Error: err.Error()})
	}
	encoded, err := encode(result)
	if err != nil {
		return replies.Encode(report{Error: err.Error()})
	}
	return replies.Encode(report{Result: encoded})
}

// awaitStart says that the member is ready and returns the time it is given.
func awaitStart(orders *json.Decoder, replies *json.Encoder) (time.Time, error) {
	if err := replies.Encode(report{Ready: true}); err != nil {
		return time.Time{}, err
	}
	for {
		var next order
		if err := orders.Decode(&next); err != nil {
			return time.Time{}, fmt.Errorf("wait for start: %w", err)
		}
		switch {
		case next.StartNS > 0:
			return time.Unix(0, next.StartNS), nil
		case next.Clock:
			if err := replies.Encode(report{ClockNS: time.Now().UnixNano()}); err != nil {
				return time.Time{}, err
			}
		}
	}
}

// watchInput ends the load when whoever ordered it is gone.
func watchInput(orders *json.Decoder, cancel context.CancelCauseFunc) {
	var next order
	if err := orders.Decode(&next); err != nil {
		cancel(fmt.Errorf("coordinator gone: %w", err))
	}
}
