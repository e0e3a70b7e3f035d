package rejects

import (
	"context"
	"errors"
	"fmt"

	"mailtrail/schemas/event"
)

// ErrUnknown means that the topic does not hold a reject with the ID: it was
// never there, or its life is over.
var ErrUnknown = errors.New("mail.rejects holds no reject with this ID (any more)")

// SealedError means that payloads could not be opened.
type SealedError struct {
	// ID is one of them, Seal how it is sealed, Err why it stays closed.
	ID, Seal string
	Err      error
	Count    int
}

// Error implements error.
func (e *SealedError) Error() string {
	if e.Count > 1 {
		return fmt.Sprintf("%d sealed payloads could not be opened; %s (%s): %v", e.Count, e.ID, e.Seal, e.Err)
	}
	return fmt.Sprintf("the sealed payload of %s (%s) could not be opened: %v", e.ID, e.Seal, e.Err)
}

// Unwrap gives the reason.
func (e *SealedError) Unwrap() error { return e.Err }

// Shown is everything about one reject. It holds personal data.
type Shown struct {
	Reject
	Headers []event.Header
	Payload Payload
}

// Show returns everything about one reject, as it was rejected last. Where its
// payload does not open, Shown comes without it, together with a SealedError.
func (r *Rejects) Show(ctx context.Context, id string) (*Shown, error) {
	found := newIndex(0, 1)
	var newest event.Message
	err := r.deps.Reader.Scan(ctx, event.RejectsTopic, func(m *event.Message) error {
		if string(m.Header(event.OriginHeader)) != id {
			return nil
		}
		found.add(m)
		if len(found.rejects) == 1 && found.rejects[0].Partition == m.Partition && found.rejects[0].Offset == m.Offset {
			newest = *m
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read rejects: %w", err)
	}
	if len(found.rejects) == 0 {
		return nil, fmt.Errorf("%s: %w", id, ErrUnknown)
	}
	if err := r.setStates(ctx, found.rejects); err != nil {
		return nil, err
	}
	shown := &Shown{Reject: found.rejects[0], Headers: newest.Headers}
	if newest.Value, err = r.vault.open(ctx, &newest); err != nil {
		return shown, &SealedError{ID: id, Seal: shown.Seal, Err: err, Count: 1}
	}
	shown.Payload = readPayload(&newest)
	return shown, nil
}
