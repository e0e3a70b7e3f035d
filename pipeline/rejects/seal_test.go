package rejects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// fakeKeys seals so that a test can see under what.
type fakeKeys struct {
	ended map[event.Seal]bool
	away  int // how often it does not answer
}

var errAway = errors.New("the authority is away")

func (k *fakeKeys) ask(seal event.Seal) error {
	switch {
	case k.away > 0:
		k.away--
		return errAway
	case k.ended[seal]:
		return ErrKeyEnded
	}
	return nil
}

func (k *fakeKeys) Seal(_ context.Context, seal event.Seal, identity string, payload []byte) ([]byte, error) {
	return append(fmt.Appendf(nil, "%s %s\n", seal.Text(), identity), payload...), k.ask(seal)
}

func (k *fakeKeys) Open(_ context.Context, seal event.Seal, identity string, sealed []byte) ([]byte, error) {
	if err := k.ask(seal); err != nil {
		return nil, err
	}
	payload, ours := bytes.CutPrefix(sealed, fmt.Appendf(nil, "%s %s\n", seal.Text(), identity))
	if !ours {
		return nil, ErrForeign
	}
	return payload, nil
}

// letterSlot is the slot of the clock that the tests' letters have.
var letterSlot = event.Seal{Class: retention.Rejects, Slot: 1790000000 / 86_400 * 86_400}

// sealedLetter is a letter as ingest writes it now.
func sealedLetter(partition int32, offset int64, id string, rejectedAt int64, value string, headers ...string) event.Message {
	m := letter(partition, offset, id, rejectedAt, value, append([]string{event.SealHeader, letterSlot.Text()}, headers...)...)
	m.Value, _ = (&fakeKeys{}).Seal(context.Background(), letterSlot, id, []byte(value))
	return m
}

// opened is the value of a replay, which must have come sealed for its own identity in the slot of its reject.
func opened(t require.TestingT, m event.Message) string {
	require.Equal(t, letterSlot.Text(), string(m.Header(event.SealHeader)))
	payload, err := (&fakeKeys{}).Open(context.Background(), letterSlot, string(m.Key), m.Value)
	require.NoError(t, err)
	return string(payload)
}

func TestReplayOfSealedPayloads(t *testing.T) {
	batch := string(append(event.WrapProto([]byte("\x0a\x01a")), event.WrapProto([]byte("\x0a\x01b"))...))
	whole := sealedLetter(0, 1, "mail.scans/0/2/0", 1, batch, event.ContentTypeHeader, event.ProtoType, event.EventsHeader, "2")
	f, r := newFake(
		sealedLetter(0, 0, "mail.scans/0/1/0", 1, "{}"),
		whole,
		letter(0, 2, "mail.scans/0/3/0", 1, "{ }"),
		letter(0, 3, "mail.scans/0/4/0", 1, strings.Repeat("cipher", 20), event.SealHeader, "A256GCM mail_tracking/2026-11-20"),
	)
	require.EqualValues(t, 2, list(t, r, Filter{})[1].Events)
	done, err := r.Replay(t.Context(), "", false)
	var closed *SealedError
	require.ErrorAs(t, err, &closed)
	require.ErrorIs(t, err, ErrForeign)
	require.Equal(t, "mail.scans/0/4/0", closed.ID)
	require.Equal(t, Replayed{Sent: 3, Events: 4}, done, "the others are sent")
	sent := map[string]string{}
	for _, m := range f.sent {
		sent[string(m.Key)] = opened(t, m)
	}
	require.Equal(t, map[string]string{
		"mail.scans/0/1/0": "{}", "mail.scans/0/2/0": string(event.WrapProto([]byte("\x0a\x01a"))), "mail.scans/0/2/1": string(event.WrapProto([]byte("\x0a\x01b"))),
		"mail.scans/0/3/0": "{ }",
	}, sent)

	f, r = newFake(whole)
	f.keys.away = 1
	_, err = r.Replay(t.Context(), "", false)
	require.ErrorIs(t, err, errAway)
	require.Empty(t, f.sent)
	f.keys.ended[letterSlot] = true
	done, err = r.Replay(t.Context(), "", false)
	require.NoError(t, err)
	require.Equal(t, Replayed{Ended: 1}, done)
	require.Empty(t, f.sent)
}

// How many events there are is told by a header, which somebody else may have written.
func TestTheTellingOfEventsIsBounded(t *testing.T) {
	for told, events := range map[string]uint32{"2": 2, "4000000000": 4, "x": 1, "-1": 1, "0": 1, "": 1} {
		m := event.Message{Value: []byte("12345678"), Headers: []event.Header{{Key: event.SealHeader, Value: []byte("x")}, {Key: event.EventsHeader, Value: []byte(told)}}}
		require.Equal(t, events, countEvents(&m), told)
	}
}

func TestShowOpensWhatIsSealed(t *testing.T) {
	f, r := newFake(sealedLetter(0, 0, "mail.scans/0/1/0", 1, `{"imb":"1"}`))
	shown, err := r.Show(t.Context(), "mail.scans/0/1/0")
	require.NoError(t, err)
	require.JSONEq(t, `{"imb":"1"}`, string(shown.Payload.Events[0]))
	require.Equal(t, letterSlot.Text(), shown.Seal)

	f.keys.ended[letterSlot] = true
	shown, err = r.Show(t.Context(), "mail.scans/0/1/0")
	require.ErrorIs(t, err, ErrKeyEnded)
	require.ErrorContains(t, err, "nobody can read it any more")
	require.Empty(t, shown.Payload)

	f.keys.ended = nil
	f.messages[0].Value = append([]byte("x"), f.messages[0].Value...)
	_, err = r.Show(t.Context(), "mail.scans/0/1/0")
	require.ErrorIs(t, err, ErrForeign)
}

func TestRepairOpensWhatIsSealed(t *testing.T) {
	three := barsJSON(barsOf(t, 3))
	one := func(id string) event.Message {
		return sealedLetter(0, 0, id, 1000, three, event.ReasonHeader, string(event.UnreadableBars))
	}
	l := &repairLog{start: 7, committed: -1, letters: []event.Message{one("mail.scans/0/5/0"), one("mail.scans/0/6/0")}}
	l.keys.away = 1
	sent, outcomes := l.repair(t, nil)
	require.Equal(t, map[string]int{repaired: 2}, outcomes, "it waits for the key")
	require.Len(t, sent, 2)
	require.Equal(t, three, opened(t, sent[0]))
	require.NotEmpty(t, sent[0].Header(event.RepairHeader))

	l = &repairLog{start: 7, committed: -1, letters: []event.Message{one("mail.scans/0/5/0")}}
	l.keys.ended = map[event.Seal]bool{letterSlot: true}
	sent, outcomes = l.repair(t, nil)
	require.Equal(t, map[string]int{ended: 1}, outcomes)
	require.Empty(t, sent)
}
