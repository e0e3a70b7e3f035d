package ledger

import (
	"encoding/hex"
	"time"
)

// These are what pipeline/keys asks of a ledger.

// Key returns what the ledger knows of the key of a slot.
func (l *Log) Key(class string, slot time.Time) (commitment [32]byte, created, destroyed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	record := l.index.keys[slotName{class, slot.Unix()}]
	return record.Commitment, record.Created, record.Destroyed
}

// KeyCreated enters that a slot has a key.
func (l *Log) KeyCreated(class string, slot, destroyAt time.Time, commitment [32]byte) error {
	_, err := l.Append(Entry{Kind: KeyCreated, Class: class, Slot: slot.UTC(), DestroyAt: destroyAt.UTC(), Commitment: hex.EncodeToString(commitment[:])})
	return err
}

// KeySealed enters that nothing more is encrypted under a slot's key.
func (l *Log) KeySealed(class string, slot time.Time, commitment [32]byte) error {
	_, err := l.Append(Entry{Kind: KeySealed, Class: class, Slot: slot.UTC(), Commitment: hex.EncodeToString(commitment[:])})
	return err
}

// KeyDestroyed enters that a slot's key is destroyed. The commitment is zero where none was ever made.
func (l *Log) KeyDestroyed(class string, slot time.Time, commitment [32]byte, by string) error {
	_, err := l.Append(Entry{Kind: KeyDestroyed, Class: class, Slot: slot.UTC(), Commitment: hexOrNone(commitment), By: by})
	return err
}

// KeyReturned enters that a destroyed key was found again, and destroyed again.
func (l *Log) KeyReturned(class string, slot time.Time, commitment [32]byte, detail string) error {
	_, err := l.Append(Entry{Kind: Returned, Store: KeyStore, Object: "slot key", Class: class, Slot: slot.UTC(), Commitment: hexOrNone(commitment), Detail: detail})
	return err
}

func hexOrNone(commitment [32]byte) string {
	if commitment == ([32]byte{}) {
		return ""
	}
	return hex.EncodeToString(commitment[:])
}

// commitmentOf is the commitment of an entry that was checked.
func commitmentOf(e *Entry) (commitment [32]byte) {
	_, _ = hex.Decode(commitment[:], []byte(e.Commitment))
	return commitment
}
