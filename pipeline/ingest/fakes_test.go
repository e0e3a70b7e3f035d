package ingest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"mailtrail/schemas/event"
)

// fuse ends a fake process after a number of steps: from then on nothing that it
// does has an effect.
type fuse struct {
	mu    sync.Mutex
	left  int   // 0 for ever
	at    Point // besides, where it blows
	blown bool
	// ended is called when it blows.
	ended func()
}

// step is a place where a process can be killed; some have a name.
func (f *fuse) step(name Point) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.blown {
		return ErrNotOwner
	}
	if f.left--; f.left == 0 || f.at != "" && f.at == name {
		f.blown = true
		f.ended()
		return ErrNotOwner
	}
	return nil
}

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
	keys       *fakeKeys
	fuse       *fuse
	// most bounds the offsets of one fetch.
	most int
}

func newFakeBroker() *fakeBroker {
	return &fakeBroker{offset: -1, keys: newFakeKeys(), fuse: &fuse{}, most: 7}
}

func (b *fakeBroker) add(m event.Message) {
	m.Topic, m.Offset = event.ScansTopic, int64(len(b.log))
	b.log = append(b.log, entry{message: &m})
}

func (b *fakeBroker) addControl() { b.log = append(b.log, entry{control: true}) }
func (b *fakeBroker) addAborted() { b.log = append(b.log, entry{}) }

func (b *fakeBroker) Join() (Group, error) { return nil, errors.New("not used") }

func (b *fakeBroker) Reader(int32) Reader { return &fakeReader{broker: b} }

// fakeReader uses the memory of what it returned again, as the real one does.
type fakeReader struct {
	broker *fakeBroker
	out    []event.Message
}

func (r *fakeReader) Close() error { return nil }

func (r *fakeReader) Next(_ context.Context, offset int64) (Fetched, error) {
	b := r.broker
	for _, m := range r.out {
		scribble(m.Key, m.Value)
		for _, h := range m.Headers {
			scribble(h.Value)
		}
	}
	r.out = nil
	if offset < b.start {
		return Fetched{}, ErrGone
	}
	got := Fetched{Next: offset, End: int64(len(b.log))}
	for got.Next < got.End && got.Next < offset+int64(b.most) {
		switch e := b.log[got.Next]; {
		case e.message != nil:
			r.out = append(r.out, copyOf(*e.message))
		case e.control:
			got.Control = append(got.Control, got.Next)
		default:
			got.Aborted = append(got.Aborted, got.Next)
		}
		got.Next++
	}
	got.Messages = r.out
	return got, nil
}

func scribble(texts ...[]byte) {
	for _, text := range texts {
		for i := range text {
			text[i] = 0xff
		}
	}
}

func copyOf(m event.Message) event.Message {
	m.Key, m.Value, m.Headers = bytes.Clone(m.Key), bytes.Clone(m.Value), slices.Clone(m.Headers)
	for i := range m.Headers {
		m.Headers[i].Value = bytes.Clone(m.Headers[i].Value)
	}
	return m
}

func (b *fakeBroker) Span(context.Context, int32) (int64, int64, error) {
	return b.start, int64(len(b.log)), nil
}

func (b *fakeBroker) Reject(_ context.Context, _ int32, messages []event.Message) error {
	for _, m := range messages {
		if err := b.fuse.step(""); err != nil {
			return err
		}
		b.rejects = append(b.rejects, m)
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
	if err := g.broker.fuse.step(""); err != nil {
		return err
	}
	g.broker.offset, g.broker.metadata = offset, metadata
	return g.broker.fuse.step("")
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
	fuse     *fuse
}

func newFakeStore() *fakeStore {
	return &fakeStore{tokens: map[string]bool{}, epochs: map[string][]event.EpochPart{}, fuse: &fuse{}}
}

// once runs add unless the piece was added under the token before.
func (s *fakeStore) once(table, token, piece string, add func()) error {
	key := table + "|" + token + "|" + piece
	if s.tokens[key] {
		return nil
	}
	if err := s.fuse.step(""); err != nil {
		return err
	}
	s.tokens[key] = true
	add()
	return s.fuse.step("")
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
		err := s.once("scans", token, name, func() {
			for _, i := range pieces[name] {
				s.rows = append(s.rows, fakeRow{
					class: string(rows.Class.Row(i)), slot: rows.Slot[i], offset: rows.Offset[i], index: rows.Index[i],
					eventID: eventID(rows, i), origin: string(rows.Origin.Row(i)),
				})
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func scansOf(rows Rows) *event.ScanColumns { return rows.(*event.ScanColumns) }

// eventID reads the eventId out of the row's group.
func eventID(rows *event.ScanColumns, i int) string {
	_, place, _ := event.GroupPlace("eventId")
	texts := bytes.Split(rows.More.Row(i), []byte{event.GroupSeparator})
	if len(texts) < place {
		return ""
	}
	return string(texts[place-1])
}

func (s *fakeStore) InsertBatches(_ context.Context, token string, rows []event.BatchRow) error {
	return s.once("batches", token, "", func() { s.batches = append(s.batches, rows...) })
}

func (s *fakeStore) InsertReplays(_ context.Context, token string, rows []event.ReplayRow) error {
	return s.once("replays", token, "", func() { s.replays = append(s.replays, rows...) })
}

func (s *fakeStore) InsertReceipt(_ context.Context, token string, receipt event.Receipt) error {
	return s.once("blocks", token, "", func() { s.receipts = append(s.receipts, receipt) })
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

func (s *fakeStore) MostParts(context.Context) (int, error) { return 0, nil }

func (s *fakeStore) PutEpoch(_ context.Context, parts []event.EpochPart) error {
	s.epochs[parts[0].Epoch] = parts
	return nil
}

func (s *fakeStore) Epoch(_ context.Context, epoch string) ([]event.EpochPart, error) {
	return s.epochs[epoch], nil
}

func (s *fakeStore) Transient(error) bool { return true }

// fakeKeys seals so that a test can see under what: no two seals of the same are equal.
type fakeKeys struct {
	mu    sync.Mutex
	count int
	ended map[int64]bool // slots, Unix seconds
	// away is how often it does not answer.
	away  int
	asked int
}

func newFakeKeys() *fakeKeys { return &fakeKeys{ended: map[int64]bool{}} }

var errAway = errors.New("the authority is away")

func (k *fakeKeys) ask(seal event.Seal) error {
	k.asked++
	switch {
	case k.away > 0:
		k.away--
		return errAway
	case k.ended[seal.Slot]:
		return ErrKeyEnded
	}
	return nil
}

func (k *fakeKeys) Seal(_ context.Context, seal event.Seal, identity string, payload []byte) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.count++
	return fakeSealed(seal, identity, payload, k.count), k.ask(seal)
}

func fakeSealed(seal event.Seal, identity string, payload []byte, nonce int) []byte {
	turned := bytes.Clone(payload)
	for i := range turned {
		turned[i] ^= 0x55
	}
	return append(fmt.Appendf(nil, "%s %s %d\n", seal.Text(), identity, nonce), turned...)
}

func (k *fakeKeys) Open(_ context.Context, seal event.Seal, identity string, sealed []byte) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.ask(seal); err != nil {
		return nil, err
	}
	head, turned, _ := bytes.Cut(sealed, []byte("\n"))
	if !bytes.HasPrefix(head, []byte(seal.Text()+" "+identity+" ")) {
		return nil, ErrForeign
	}
	payload := bytes.Clone(turned)
	for i := range payload {
		payload[i] ^= 0x55
	}
	return payload, nil
}

func (k *fakeKeys) Transient(error) bool { return true }
