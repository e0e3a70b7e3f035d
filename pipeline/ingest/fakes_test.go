package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"mailtrail/schemas/event"
)

// crash is what a fake panics with where a real process would be killed.
type crash struct{ where string }

// entry is one offset of the fake log: a message, or an offset without an event.
type entry struct {
	message *event.Message
	control bool
}

// fakeBroker is one partition of the front topic, its group and mail.rejects.
type fakeBroker struct {
	log        []entry
	start      int64
	offset     int64
	metadata   string
	generation int
	rejects    []event.Message
	step       func(string)
	// most bounds the offsets of one fetch.
	most int
}

func newFakeBroker() *fakeBroker {
	return &fakeBroker{offset: -1, step: func(string) {}, most: 7}
}

func (b *fakeBroker) add(m event.Message) {
	m.Topic, m.Offset = event.ScansTopic, int64(len(b.log))
	b.log = append(b.log, entry{message: &m})
}

func (b *fakeBroker) addControl() { b.log = append(b.log, entry{control: true}) }
func (b *fakeBroker) addAborted() { b.log = append(b.log, entry{}) }

func (b *fakeBroker) Join() (Group, error) { return nil, errors.New("not used") }

func (b *fakeBroker) Fetch(_ context.Context, _ int32, offset int64) (Fetched, error) {
	if offset < b.start {
		return Fetched{}, ErrGone
	}
	got := Fetched{Next: offset, End: int64(len(b.log))}
	for got.Next < got.End && got.Next < offset+int64(b.most) {
		switch e := b.log[got.Next]; {
		case e.message != nil:
			got.Messages = append(got.Messages, *e.message)
		case e.control:
			got.Control = append(got.Control, got.Next)
		default:
			got.Aborted = append(got.Aborted, got.Next)
		}
		got.Next++
	}
	return got, nil
}

func (b *fakeBroker) Span(context.Context, int32) (int64, int64, error) {
	return b.start, int64(len(b.log)), nil
}

func (b *fakeBroker) Reject(_ context.Context, _ int32, messages []event.Message) error {
	for _, m := range messages {
		b.rejects = append(b.rejects, m)
		b.step("a reject")
	}
	return nil
}

func (b *fakeBroker) Transient(error) bool { return true }

// fakeGeneration is fenced like the real one: a commit under an old number is refused.
type fakeGeneration struct {
	broker *fakeBroker
	number int
}

func (g fakeGeneration) Partitions() []int32         { return []int32{0} }
func (g fakeGeneration) Start(func(context.Context)) {}

func (g fakeGeneration) Commit(_ context.Context, _ int32, offset int64, metadata string) error {
	if g.number != g.broker.generation {
		return ErrNotOwner
	}
	g.broker.step("before a commit")
	g.broker.offset, g.broker.metadata = offset, metadata
	g.broker.step("after a commit")
	return nil
}

func (g fakeGeneration) Committed(context.Context, int32) (int64, string, error) {
	return g.broker.offset, g.broker.metadata, nil
}

// fakeRow is a stored scan.
type fakeRow struct {
	class, eventID, origin string
	slot, offset           int64
	index                  uint32
}

// fakeStore keeps tables as ClickHouse does: an insert is cut by class and
// slot, and each piece is added once under its token.
type fakeStore struct {
	tokens   map[string]bool
	rows     []fakeRow
	batches  []event.BatchRow
	replays  []event.ReplayRow
	receipts []event.Receipt
	epochs   map[string][]event.EpochPart
	label    string
	step     func(string)
}

func newFakeStore() *fakeStore {
	return &fakeStore{tokens: map[string]bool{}, epochs: map[string][]event.EpochPart{}, step: func(string) {}}
}

// once runs add unless the piece was added under the token before.
func (s *fakeStore) once(table, token, piece string, add func()) {
	key := table + "|" + token + "|" + piece
	if s.tokens[key] {
		return
	}
	s.step("before a part of " + table)
	s.tokens[key] = true
	add()
	s.step("after a part of " + table)
}

func (s *fakeStore) InsertScans(_ context.Context, token string, rows *event.ScanColumns) error {
	pieces := map[string][]int{}
	for i := range rows.Len() {
		piece := fmt.Sprint(string(rows.Class.Row(i)), rows.Slot[i])
		pieces[piece] = append(pieces[piece], i)
	}
	names := make([]string, 0, len(pieces))
	for name := range pieces {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		s.once("scans", token, name, func() {
			for _, i := range pieces[name] {
				s.rows = append(s.rows, fakeRow{
					class: string(rows.Class.Row(i)), slot: rows.Slot[i], offset: rows.Offset[i], index: rows.Index[i],
					eventID: string(rows.Text[event.EventID].Row(i)), origin: string(rows.Origin.Row(i)),
				})
			}
		})
	}
	return nil
}

func (s *fakeStore) InsertBatches(_ context.Context, token string, rows []event.BatchRow) error {
	s.once("batches", token, "", func() { s.batches = append(s.batches, rows...) })
	return nil
}

func (s *fakeStore) InsertReplays(_ context.Context, token string, rows []event.ReplayRow) error {
	s.once("replays", token, "", func() { s.replays = append(s.replays, rows...) })
	return nil
}

func (s *fakeStore) InsertReceipt(_ context.Context, token string, receipt event.Receipt) error {
	s.once("blocks", token, "", func() { s.receipts = append(s.receipts, receipt) })
	return nil
}

func (s *fakeStore) Batches(_ context.Context, _ string, ids []string, since int64) (found []event.BatchRow, _ error) {
	for _, row := range s.batches {
		if slices.Contains(ids, row.ID) && row.At >= since {
			found = append(found, row)
		}
	}
	return found, nil
}

func (s *fakeStore) Replays(_ context.Context, origins []string) (found []event.ReplayRow, _ error) {
	for _, row := range s.replays {
		if slices.Contains(origins, row.Origin) {
			found = append(found, row)
		}
	}
	return found, nil
}

func (s *fakeStore) TopicLabel(_ context.Context, topic string) (string, error) {
	return cmp.Or(s.label, topic), nil
}

func (s *fakeStore) LastReceipts(_ context.Context, topic string) (map[int32]int64, error) {
	last := map[int32]int64{}
	for _, r := range s.receipts {
		if r.Topic != topic {
			continue
		}
		last[r.Partition] = max(last[r.Partition], r.Last)
	}
	return last, nil
}

func (s *fakeStore) PutEpoch(_ context.Context, parts []event.EpochPart) error {
	s.epochs[parts[0].Epoch] = parts
	return nil
}

func (s *fakeStore) Epoch(_ context.Context, epoch string) ([]event.EpochPart, error) {
	return s.epochs[epoch], nil
}

func (s *fakeStore) Transient(error) bool { return true }
