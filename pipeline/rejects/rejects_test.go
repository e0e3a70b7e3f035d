package rejects

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// fakeTopic is a topic that can be read and written, and what ingest stored of its replays.
type fakeTopic struct {
	messages []event.Message
	sent     []event.Message
	replays  map[string]bool
	scans    int
	asked    int
	fail     error
	keys     *fakeKeys
}

func (f *fakeTopic) Size(context.Context, string) (int64, error) { return int64(len(f.messages)), nil }

func (f *fakeTopic) Scan(_ context.Context, topic string, each func(*event.Message) error) error {
	f.scans++
	for _, m := range f.messages {
		if m.Topic != topic {
			continue
		}
		if err := each(&m); err != nil {
			return err
		}
	}
	return nil
}

func (f *fakeTopic) Produce(_ context.Context, messages []event.Message) error {
	if f.fail != nil {
		return f.fail
	}
	f.sent = append(f.sent, messages...)
	return nil
}

func (f *fakeTopic) Replays(_ context.Context, origins []string) (rows []event.ReplayRow, err error) {
	f.asked = max(f.asked, len(origins))
	for _, origin := range origins {
		if f.replays[origin] {
			rows = append(rows, event.ReplayRow{Origin: origin})
		}
	}
	return rows, nil
}

func newFake(messages ...event.Message) (*fakeTopic, *Rejects) {
	f := &fakeTopic{replays: map[string]bool{}, messages: messages, keys: &fakeKeys{ended: map[event.Seal]bool{}}}
	return f, New(Deps{Reader: f, Producer: f, Store: f, Keys: f.keys, SealedBy: retention.Builtin().Row(retention.Rejects)})
}

// letter is a dead letter, given as name, value ... beside those that every one has.
func letter(partition int32, offset int64, id string, rejectedAt int64, value string, headers ...string) event.Message {
	m := event.Message{Topic: event.RejectsTopic, Partition: partition, Offset: offset, Key: []byte(id), Value: []byte(value)}
	all := append([]string{
		event.OriginHeader, id, event.StageHeader, "derive", event.ReasonHeader, "contradiction", event.FieldHeader, "imbMid",
		event.RejectedAtHeader, strconv.FormatInt(rejectedAt, 10), event.ClockHeader, "1790000000000", event.ClassHeader, "", event.SealHeader, event.NoSeal,
		event.ReceivedHeader, "1790000000777",
	}, headers...)
	for i := 0; i < len(all); i += 2 {
		m.Headers = append(m.Headers, event.Header{Key: all[i], Value: []byte(all[i+1])})
	}
	return m
}

func list(t require.TestingT, r *Rejects, filter Filter) (all []Reject) {
	_, err := r.List(context.Background(), filter, func(reject *Reject) error {
		all = append(all, *reject)
		return nil
	})
	require.NoError(t, err)
	return all
}

func TestListTellsEachIDOnceAsItWasRejectedLast(t *testing.T) {
	f, r := newFake(
		letter(0, 0, "mail.scans/0/5/0", 1000, "{}"),
		letter(0, 1, "mail.scans/0/6/0", 1000, "{}", event.ReasonHeader, "bad_barcode", event.DeviceHeader, "dbcs-1", event.ContentTypeHeader, event.JSONType),
		letter(0, 2, "mail.scans/0/5/0", 1000, "{}"), // the block was sent again after a crash
		letter(1, 0, "mail.scans/0/5/0", 5000, "{ }", event.ReasonHeader, "unknown_zone"),
		letter(2, 7, "mail.scans/0/5/0", 3000, "{}"),
	)
	f.replays["mail.scans/0/6/0"] = true
	require.Equal(t, []Reject{
		{ID: "mail.scans/0/6/0", RejectedAt: 1000, Clock: 1790000000000, Stage: "derive", Reason: "bad_barcode", Field: "imbMid",
			ContentType: event.JSONType, Device: "dbcs-1", Seal: "none", Bytes: 2, Events: 1, Partition: 0, Offset: 1, Times: 1, State: Stored},
		{ID: "mail.scans/0/5/0", RejectedAt: 5000, Clock: 1790000000000, Stage: "derive", Reason: "unknown_zone", Field: "imbMid",
			Seal: "none", Bytes: 3, Events: 1, Partition: 1, Offset: 0, Times: 3, State: Rejected},
	}, list(t, r, Filter{}))
	require.Len(t, list(t, r, Filter{Reason: "unknown_zone"}), 1)
	require.Empty(t, list(t, r, Filter{Reason: "contradiction"}), "what counts is the newest")
	require.Equal(t, "mail.scans/0/6/0", list(t, r, Filter{State: Stored})[0].ID)
	require.Empty(t, list(t, r, Filter{State: Stored, Reason: "unknown_zone"}))
}

func TestListCountsWhatIsNoReject(t *testing.T) {
	_, r := newFake(
		letter(0, 0, "mail.scans/0/5/0", 1, "{}"),
		letter(0, 1, "nonsense", 1, "{}"),
		letter(0, 2, "mail.scans/0/05/0", 1, "{}"), // not as Identity writes it
		letter(0, 3, "mail.scans/0/6/0", 1, "{}", event.RejectedAtHeader, "yesterday"),
		event.Message{Topic: event.RejectsTopic, Offset: 4},
	)
	for _, most := range []int64{100, 2} { // in one part and in several
		r.most = most
		unreadable, err := r.List(t.Context(), Filter{}, func(*Reject) error { return nil })
		require.NoError(t, err)
		require.Equal(t, 4, unreadable)
	}
}

// However often the topic has to be read for want of memory, the list holds the same.
func TestListInPartsHoldsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, whole := newFake()
		want := map[string]map[int64]bool{}
		for offset := range rapid.Int64Range(0, 60).Draw(t, "messages") {
			id := event.Identity{Topic: event.ScansTopic, Offset: rapid.Int64Range(0, 15).Draw(t, "id")}.String()
			at := rapid.Int64Range(1, 4).Draw(t, "at")
			f.messages = append(f.messages, letter(int32(offset%3), offset, id, at, "{}"))
			if want[id] == nil {
				want[id] = map[int64]bool{}
			}
			want[id][at] = true
		}
		inParts := &Rejects{deps: whole.deps, most: rapid.Int64Range(1, 20).Draw(t, "most")}
		all, again := list(t, whole, Filter{}), list(t, inParts, Filter{})
		require.ElementsMatch(t, all, again)
		require.Len(t, all, len(want))
		for _, reject := range all {
			newest := int64(0)
			for at := range want[reject.ID] {
				newest = max(newest, at)
			}
			require.Equal(t, newest, reject.RejectedAt)
			require.Len(t, want[reject.ID], reject.Times)
		}
	})
}

func TestLookUpsAreBounded(t *testing.T) {
	f, r := newFake()
	for offset := range int64(25_000) {
		f.messages = append(f.messages, letter(0, offset, event.Identity{Topic: event.ScansTopic, Offset: offset}.String(), 1, "{}"))
	}
	f.replays["mail.scans/0/24999/0"] = true
	require.Len(t, list(t, r, Filter{State: Rejected}), 24_999)
	require.Equal(t, lookUpAtOnce, f.asked)
}

func TestReplayKeepsPayloadIdentityAndClock(t *testing.T) {
	id := "mail.scans/3/41/2"
	payload := string(event.WrapProto([]byte("\x0a\x141234567890123456789\x00")))
	f, r := newFake(letter(0, 9, id, 1000, payload,
		event.ContentTypeHeader, event.ProtoType, event.DeviceHeader, "dbcs-1", event.ZoneHeader, "America/Denver",
		event.BatchIDHeader, "request", event.BatchPartHeader, "1/1", event.BatchIndexHeader, "2", event.PushGroupHeader, "g", event.PushPartHeader, "1/2"))
	for range 2 { // replayed twice before ingest has stored the first
		done, err := r.Replay(t.Context(), "", false)
		require.NoError(t, err)
		require.Equal(t, Replayed{Sent: 1, Events: 1}, done)
	}
	require.Equal(t, payload, opened(t, f.sent[0]))
	want := event.Message{Topic: event.ScansTopic, Key: []byte(id), Value: f.sent[0].Value, Headers: []event.Header{
		{Key: event.OriginHeader, Value: []byte(id)}, {Key: event.SealHeader, Value: []byte(letterSlot.Text())}, {Key: event.ReceivedHeader, Value: []byte("1790000000777")},
		{Key: event.ContentTypeHeader, Value: []byte(event.ProtoType)}, {Key: event.DeviceHeader, Value: []byte("dbcs-1")}, {Key: event.ZoneHeader, Value: []byte("America/Denver")},
	}}
	require.Equal(t, []event.Message{want, want}, f.sent, "equal identity and equal key, and never the id of the request")

	f.replays[id] = true
	done, err := r.Replay(t.Context(), "", false)
	require.NoError(t, err)
	require.Equal(t, Replayed{Stored: 1}, done)
	require.Len(t, f.sent, 2)
}

// A record goes to its own topic again, with its kind, whatever label the topic has by now.
func TestReplayOfARecordGoesToItsTopic(t *testing.T) {
	f, r := newFake(letter(0, 0, "mail.records#2/0/5/1", 1, `{"a":1}`, event.KindHeader, "bundle", event.ContentTypeHeader, event.LinesType))
	done, err := r.Replay(t.Context(), "", false)
	require.NoError(t, err)
	require.Equal(t, 1, done.Sent)
	require.Equal(t, event.RecordsTopic, f.sent[0].Topic)
	require.Equal(t, "bundle", string(f.sent[0].Header(event.KindHeader)))
	require.Equal(t, "mail.records#2/0/5/1", string(f.sent[0].Header(event.OriginHeader)))
}

func TestReplayTakesTheReasonAsItCountsNow(t *testing.T) {
	f, r := newFake(
		letter(0, 0, "mail.scans/0/1/0", 1, `{"a":1}`, event.ReasonHeader, "unknown_zone"),
		letter(0, 1, "mail.scans/0/2/0", 1, `{"a":2}`, event.ReasonHeader, "unknown_zone"),
		letter(0, 2, "mail.scans/0/2/0", 2, `{"a":2}`, event.ReasonHeader, "bad_barcode"),
		letter(0, 3, "mail.scans/0/3/0", 1, "", event.ReasonHeader, "unknown_zone"),
		letter(0, 4, "mail.scans/0/1/0", 1, `{"a":1}`, event.ReasonHeader, "unknown_zone"), // sent again after a crash
	)
	done, err := r.Replay(t.Context(), "unknown_zone", true)
	require.NoError(t, err)
	require.Equal(t, Replayed{Sent: 1, Events: 1, Empty: 1}, done)
	require.Empty(t, f.sent, "a dry run sends nothing")
	again, err := r.Replay(t.Context(), "unknown_zone", false)
	require.NoError(t, err)
	require.Equal(t, done, again, "what a dry run says is what is done")
	require.Len(t, f.sent, 1)
	require.Equal(t, `{"a":1}`, opened(t, f.sent[0]))
	require.Empty(t, f.sent[0].Header(event.ContentTypeHeader), "none where there was none")
}

// A whole message that was rejected holds events with identities of their own:
// under one identity, ingest would store the first alone.
func TestReplayOfAWholeBatchGivesEachEventItsIdentity(t *testing.T) {
	batch := append(append(event.WrapProto([]byte("\x0a\x01a")), event.WrapProto([]byte("\x0a\x01b"))...), event.WrapProto([]byte("\x0a\x01c"))...)
	f, r := newFake(letter(0, 0, "mail.scans/1/7/0", 1, string(batch), event.ReasonHeader, "bad_header", event.ContentTypeHeader, "application/protobuf; v=1"))
	f.replays["mail.scans/1/7/1"] = true
	require.Equal(t, Rejected, list(t, r, Filter{})[0].State, "one of three is not all")
	done, err := r.Replay(t.Context(), "", false)
	require.NoError(t, err)
	require.Equal(t, Replayed{Sent: 1, Events: 2}, done)
	for i, origin := range []string{"mail.scans/1/7/0", "mail.scans/1/7/2"} {
		require.Equal(t, origin, string(f.sent[i].Key))
		require.Equal(t, origin, string(f.sent[i].Header(event.OriginHeader)))
		require.Equal(t, string(event.WrapProto([]byte("\x0a\x01"+string("ac"[i])))), opened(t, f.sent[i]))
		f.replays[origin] = true
	}
	require.Equal(t, Stored, list(t, r, Filter{})[0].State)

	broken := letter(0, 0, "mail.scans/1/8/4", 1, string(batch)+"\xff", event.ContentTypeHeader, event.ProtoType)
	f, r = newFake(broken)
	_, err = r.Replay(t.Context(), "", false)
	require.NoError(t, err)
	require.Len(t, f.sent, 1, "what cannot be split goes as it is")
	require.Equal(t, string(broken.Value), opened(t, f.sent[0]))
}

func TestReplayInBoundedRequests(t *testing.T) {
	f, r := newFake()
	for offset := range int64(2_500) {
		f.messages = append(f.messages, letter(0, offset, event.Identity{Topic: event.ScansTopic, Offset: offset}.String(), 1, "{}"))
	}
	r.most = 1000
	done, err := r.Replay(t.Context(), "", false)
	require.NoError(t, err)
	require.Equal(t, 2_500, done.Sent)
	keys := map[string]bool{}
	for _, m := range f.sent {
		keys[string(m.Key)] = true
	}
	require.Len(t, keys, 2_500)
	require.Len(t, f.sent, 2_500)

	f.fail = errors.New("the broker is gone")
	_, err = r.Replay(t.Context(), "", false)
	require.ErrorIs(t, err, f.fail)
}

func TestShow(t *testing.T) {
	f, r := newFake(
		letter(0, 0, "mail.scans/0/1/0", 1, `{"imb":"1"}`),
		letter(1, 3, "mail.scans/0/1/0", 9, `{"imb":"2"}`, event.BatchIDHeader, "request"),
		letter(1, 2, "mail.scans/0/1/0", 5, `{"imb":"3"}`),
		letter(1, 4, "mail.scans/0/2/0", 1, "cipher", event.SealHeader, "A256GCM"),
	)
	shown, err := r.Show(t.Context(), "mail.scans/0/1/0")
	require.NoError(t, err)
	require.Equal(t, 3, shown.Times)
	require.EqualValues(t, 9, shown.RejectedAt)
	require.JSONEq(t, `{"imb":"2"}`, string(shown.Payload.Events[0]))
	require.Contains(t, shown.Headers, event.Header{Key: event.BatchIDHeader, Value: []byte("request")})
	require.Equal(t, Rejected, shown.State)
	f.replays["mail.scans/0/1/0"] = true
	shown, err = r.Show(t.Context(), "mail.scans/0/1/0")
	require.NoError(t, err)
	require.Equal(t, Stored, shown.State)

	_, err = r.Show(t.Context(), "mail.scans/0/3/0")
	require.ErrorIs(t, err, ErrUnknown)
	shown, err = r.Show(t.Context(), "mail.scans/0/2/0")
	var sealed *SealedError
	require.ErrorAs(t, err, &sealed)
	require.Equal(t, "A256GCM", shown.Seal)
	require.Empty(t, shown.Payload)
}

// A reject goes back into the topic that it came from, whatever that topic's label was.
func TestAReplayGoesToItsTopic(t *testing.T) {
	for origin, topic := range map[string]string{
		"mail.scans/3/17/0": event.ScansTopic, "mail.images/0/1/0": event.ImagesTopic, "mail.images#2/0/1/0": event.ImagesTopic, "nonsense": event.ScansTopic,
	} {
		require.Equal(t, topic, replayOf(&event.Message{}, origin, event.Seal{}, nil).Topic, origin)
	}
}
