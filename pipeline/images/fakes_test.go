package images

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"iter"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/keys"
	"mailtrail/schemas/derive"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

var (
	now      = time.Date(2026, 11, 20, 14, 30, 0, 0, time.UTC)
	schedule = sync.OnceValue(retention.Builtin)
	tables   = sync.OnceValue(func() *derive.Tables {
		t, err := derive.Builtin()
		if err != nil {
			panic(err)
		}
		return t
	})
)

// world is a door and a way back among stores in memory, with a real holder and authority of slot keys.
type world struct {
	door   *Images
	reader *Reader

	mu     sync.Mutex
	clock  time.Time
	packs  map[string][]byte
	index  []event.StoredImage
	putErr error
	keyErr error
	logErr error
	full   bool
	log    lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func newWorld(t testing.TB, change ...func(*Config)) *world {
	w := &world{clock: now, packs: map[string][]byte{}}
	row := schedule().Row(retention.MailpieceImages)
	config := Config{MaxBody: 1 << 20, PackBytes: 64 << 10, PackAge: 5 * time.Millisecond, Row: row, Ahead: 10 * time.Minute, Limits: DefaultLimits(1 << 20)}
	config.Limits.Put, config.Limits.Produce, config.Limits.Rest = 100*time.Millisecond, 100*time.Millisecond, time.Millisecond
	for _, c := range change {
		c(&config)
	}
	sealer := w.sealer(t)
	var err error
	w.door, err = New(config, Deps{
		Sealer: sealer, Store: w, Producer: w, Authenticator: w, Pressure: w, Tables: tables(), IDKey: IDKey{1}, Clock: w.now, Log: zerolog.New(&w.log), Metrics: prometheus.NewRegistry(),
	})
	require.NoError(t, err)
	t.Cleanup(w.door.Close)
	w.reader = NewReader(ReaderDeps{Sealer: sealer, Store: w, Index: w, Row: row, Clock: w.now, Log: zerolog.New(&w.log), Metrics: prometheus.NewRegistry()})
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// sealer is a holder of keys of an authority in this process.
func (w *world) sealer(t testing.TB) Sealer {
	authority, err := keys.New(keys.Config{Tombstones: t.TempDir() + "/tombstones", Ahead: 10 * time.Minute, Every: time.Minute}, keys.Deps{
		Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Clock: w.now, Store: keys.NewMemoryStore(), Ledger: noLedger{}, Calendar: keys.FromSchedule(schedule()),
	})
	require.NoError(t, err)
	_, err = authority.Start(t.Context())
	require.NoError(t, err)
	holder, err := keys.NewHolder(keys.HolderDeps{Metrics: prometheus.NewRegistry(), Clock: worldClock{w}, Source: authority})
	require.NoError(t, err)
	t.Cleanup(holder.Close)
	return worldKeys{holder, w}
}

type worldClock struct{ w *world }

func (c worldClock) Now() time.Time { return c.w.now() }
func (worldClock) AfterFunc(time.Duration, func()) (stop func() bool) {
	return func() bool { return true }
}

type worldKeys struct {
	holder *keys.Holder
	w      *world
}

func (k worldKeys) err() error {
	k.w.mu.Lock()
	defer k.w.mu.Unlock()
	return k.w.keyErr
}

func (k worldKeys) Seal(ctx context.Context, dst []byte, o Object, payload []byte) ([]byte, error) {
	if err := k.err(); err != nil {
		return nil, err
	}
	return k.holder.Seal(ctx, dst, keys.Object(o), payload)
}

func (k worldKeys) Open(ctx context.Context, dst []byte, o Object, sealed []byte) ([]byte, error) {
	if err := k.err(); err != nil {
		return nil, err
	}
	return k.holder.Open(ctx, dst, keys.Object(o), sealed)
}

func (worldKeys) Status(err error) int { return keys.Status(err) }

// noLedger knows nothing and forgets everything.
type noLedger struct{}

func (noLedger) KeyCreated(string, time.Time, time.Time, [32]byte) error { return nil }
func (noLedger) KeySealed(string, time.Time, [32]byte) error             { return nil }
func (noLedger) KeyDestroyed(string, time.Time, [32]byte, string) error  { return nil }
func (noLedger) KeyReturned(string, time.Time, [32]byte, string) error   { return nil }
func (noLedger) KeysNeverMade(string, []time.Time, string) error         { return nil }
func (noLedger) KeysUnended(time.Time) iter.Seq2[string, time.Time] {
	return func(func(string, time.Time) bool) {}
}
func (noLedger) KeysLive() iter.Seq2[string, time.Time]                          { return func(func(string, time.Time) bool) {} }
func (noLedger) Key(string, time.Time) (commitment [32]byte, created, gone bool) { return }

// The store.

func (w *world) Put(_ context.Context, pack string, body []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.putErr == nil {
		w.packs[pack] = bytes.Clone(body)
	}
	return w.putErr
}

func (w *world) Get(_ context.Context, pack string, offset, length int64) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	body := w.packs[pack]
	switch {
	case w.putErr != nil:
		return nil, w.putErr
	case offset+length > int64(len(body)):
		return nil, ErrNoBytes
	}
	return bytes.Clone(body[offset : offset+length]), nil
}

// Produce is Kafka with ingest and ClickHouse behind it: the first entry of a picture wins.
func (w *world) Produce(_ context.Context, messages []event.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.logErr != nil {
		return w.logErr
	}
	for _, m := range messages {
		var row event.StoredImage
		if err := row.DecodeJSON(m.Value); err != nil {
			return err
		}
		row.Device, row.Class = string(m.Header(event.DeviceHeader)), retention.MailpieceImages
		row.Slot = schedule().Row(row.Class).SlotOf(min(row.Captured.UnixMilli(), m.Time))
		known := false
		for i := range w.index {
			known = known || w.index[i].ID == row.ID
		}
		if !known {
			w.index = append(w.index, row)
		}
	}
	return nil
}

func (w *world) Image(_ context.Context, id event.ImageID) (*event.StoredImage, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.index {
		if w.index[i].ID == id {
			row := w.index[i]
			return &row, nil
		}
	}
	return nil, nil
}

func (w *world) ImagesOfPiece(_ context.Context, keys []string) (found []event.StoredImage, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, row := range w.index {
		for _, key := range keys {
			if row.PieceKey == key {
				found = append(found, row)
			}
		}
	}
	return found, nil
}

func (w *world) Authenticate(r *http.Request) (Device, bool) {
	return Device{Name: "camera-1"}, r.Header.Get("Authorization") == "Bearer good"
}

func (w *world) Refuse() (time.Duration, string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Minute, "ingest is behind", w.full
}

var errDown = errors.New("connection refused")

// Requests.

// told is an event of a picture; more are further fields, with a comma in front.
func told(captured time.Time, more string) string {
	return fmt.Sprintf(`{"capturedDatetime":%q,"machineId":"DBCS-0421"%s}`, captured.UTC().Format("2006-01-02T15:04:05.000Z"), more)
}

// part is one part of a request.
type part struct{ name, contentType, body string }

func picture1(seed byte) string {
	m := image.NewGray(image.Rect(0, 0, 64, 48))
	state := uint32(seed) + 1
	for i := range m.Pix {
		state = state*1664525 + 1013904223
		m.Pix[i] = byte(state >> 24)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.String()
}

func body(parts ...part) (contentType string, text string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		h := textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf("form-data; name=%q; filename=%q", p.name, p.name)}}
		if p.contentType != "" {
			h.Set("Content-Type", p.contentType)
		}
		part, _ := w.CreatePart(h)
		_, _ = io.WriteString(part, p.body)
	}
	_ = w.Close()
	return w.FormDataContentType(), b.String()
}

// post sends a request and returns the answer.
func (w *world) post(parts ...part) *httptest.ResponseRecorder {
	contentType, text := body(parts...)
	return w.send(contentType, strings.NewReader(text), nil)
}

func (w *world) send(contentType string, text io.Reader, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/v1/images", text)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer good")
	if change != nil {
		change(r)
	}
	answer := httptest.NewRecorder()
	w.door.ServeHTTP(answer, r)
	return answer
}

// stored tells how many pictures the index has, and how many packs there are.
func (w *world) stored() (images, packs int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.index), len(w.packs)
}
