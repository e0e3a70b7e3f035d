package ledger

import (
	"cmp"
	"encoding/hex"
	"iter"
	"slices"
	"strings"
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

// KeysUnended yields the slots that were due before a time and of whose key no end is entered, whether they had a key or
// not. A slot of which somebody entered why not is left out.
func (l *Log) KeysUnended(due time.Time) iter.Seq2[string, time.Time] {
	return func(yield func(string, time.Time) bool) {
		for gap := range l.Gaps(due) {
			if gap.Store == KeyStore && !gap.Acknowledged && !yield(gap.Class, gap.Slot) {
				return
			}
		}
	}
}

// KeysNeverMade enters the ends of slots of a class that never had a key, all at once.
func (l *Log) KeysNeverMade(class string, slots []time.Time, by string) error {
	entries := make([]Entry, len(slots))
	for i, slot := range slots {
		entries[i] = Entry{Kind: KeyDestroyed, Class: class, Slot: slot.UTC(), By: by}
	}
	_, err := l.Append(entries...)
	return err
}

// KeysLive yields the slots whose key was made and has not ended.
func (l *Log) KeysLive() iter.Seq2[string, time.Time] {
	l.mu.Lock()
	defer l.mu.Unlock()
	return yieldSlots(l.index.liveKeys())
}

// KeysLive is [Log.KeysLive] of a reader.
func (r *Reader) KeysLive() iter.Seq2[string, time.Time] {
	r.mu.Lock()
	defer r.mu.Unlock()
	return yieldSlots(r.index.liveKeys())
}

// liveKeys are in the order of their classes and slots.
func (x *index) liveKeys() []slotName {
	var names []slotName
	for name, record := range x.keys {
		if record.Created && !record.Destroyed {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, slotName.compare)
	return names
}

// LastKeyDestroyed is the newest slot of each class whose key, if it had one, is destroyed.
func (r *Reader) LastKeyDestroyed() map[string]time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := map[string]time.Time{}
	for name, record := range r.index.keys {
		if start := time.Unix(name.start, 0).UTC(); record.Destroyed && start.After(last[name.class]) {
			last[name.class] = start
		}
	}
	return last
}

func yieldSlots(names []slotName) iter.Seq2[string, time.Time] {
	return func(yield func(string, time.Time) bool) {
		for _, name := range names {
			if !yield(name.class, time.Unix(name.start, 0).UTC()) {
				return
			}
		}
	}
}

func (s slotName) compare(other slotName) int {
	return cmp.Or(strings.Compare(s.class, other.class), cmp.Compare(s.start, other.start))
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
