package rejects

import (
	"context"
	"errors"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// Keys seals payloads under the keys of their slots, and opens them. The errors wrap [ErrKeyEnded] where the slot is over.
type Keys interface {
	// Seal returns the payload of the event with the identity as ciphertext that opens for both alone.
	Seal(ctx context.Context, seal event.Seal, identity string, payload []byte) ([]byte, error)
	// Open returns what Seal was given; the error wraps [ErrForeign] where it was not sealed for both, or under no key of ours.
	Open(ctx context.Context, seal event.Seal, identity string, sealed []byte) ([]byte, error)
}

// ErrKeyEnded means that the key of a payload's slot is destroyed: nobody can read it any more. Keys returns it.
var ErrKeyEnded = errors.New("the key of its slot is destroyed, so nobody can read it any more")

// ErrForeign means that a payload was not sealed for its event, or under no key that there is. Keys returns it.
var ErrForeign = errors.New("it was not sealed for this reject, or not by this installation")

// vault is the way through the seal of a dead letter. row is the schedule's of dead letters.
type vault struct {
	keys Keys
	row  *retention.Row
}

// open returns the payload of a dead letter; those of older versions are in clear.
func (v vault) open(ctx context.Context, m *event.Message) ([]byte, error) {
	if !m.Sealed() {
		return m.Value, nil
	}
	seal, err := event.ParseSeal(m.Header(event.SealHeader))
	if err != nil {
		return nil, errors.Join(ErrForeign, err)
	}
	return v.keys.Open(ctx, seal, string(m.Header(event.OriginHeader)), m.Value)
}

// sealOf is how a dead letter is sealed, or is to be where it is one in clear.
func (v vault) sealOf(m *event.Message, reject *Reject) (event.Seal, error) {
	if !m.Sealed() {
		return event.Seal{Class: retention.Rejects, Slot: v.row.SlotOf(reject.Clock)}, nil
	}
	seal, err := event.ParseSeal(m.Header(event.SealHeader))
	if err != nil {
		return seal, errors.Join(ErrForeign, err)
	}
	return seal, nil
}

// replay makes the message for mail.scans of a dead letter as it is. It travels sealed.
func (v vault) replay(ctx context.Context, m *event.Message, reject *Reject) (event.Message, error) {
	seal, err := v.sealOf(m, reject)
	value := m.Value
	if err == nil && !m.Sealed() {
		value, err = v.keys.Seal(ctx, seal, reject.ID, value)
	}
	return replayOf(m, reject.ID, seal, value), err
}
