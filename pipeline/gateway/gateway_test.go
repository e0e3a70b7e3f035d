package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const (
	good    = `{"imb":"0027090012345600001210118112501","scanDatetime":"2026-11-20T14:03:22.123-05:00","machineId":"DBCS-0421"}`
	local   = `{"imb":"0027090012345600001210118112501","scanDatetime":"2026-11-20T14:03:22.123","machineId":"DBCS-0421"}`
	bad     = `{"imb":"12","scanDatetime":"2026-11-20T14:03:22.123-05:00","machineId":"DBCS-0421"}`
	ndjson  = "application/x-ndjson"
	token   = "s3cret-of-d1"
	another = "s3cret-of-d2"
)

// fixture is a gateway among fakes.
type fixture struct {
	*Gateway
	registry *prometheus.Registry
	log      *lockedBuffer
	config   Config

	mu            sync.Mutex
	produced      []event.Message
	produceErr    error
	produce       func(context.Context) error // in place of produceErr, where set
	rows          []event.BatchRow
	rowsErr       error
	refuse        string // scans
	refuseRecords string // records
	clock         time.Time
	previewErr    *event.Error
	localTime     LocalTime
}

func newFixture(t testing.TB, change ...func(*fixture)) *fixture {
	f := &fixture{
		registry: prometheus.NewRegistry(), log: &lockedBuffer{}, clock: now,
		localTime: func(*event.Scan, string) (int64, bool) { return 0, false },
		config: Config{
			Listen: "127.0.0.1:0", MaxBody: 1 << 20, MaxMessage: 16 << 20,
			Behind: 20 * 24 * time.Hour, Ahead: 10 * time.Minute, Limits: DefaultLimits(1 << 20),
		},
	}
	for _, c := range change {
		c(f)
	}
	g, err := New(f.config, Deps{
		Records: Records{Kinds: kinds(), Schedule: retention.Builtin(), Pressure: pressure{&f.refuseRecords}, Preview: func(class string, captured, now int64) (event.Outcome, *event.Error) {
			return event.Stored, f.previewErr
		}},
		Producer: f, Authenticator: f, Batches: f, Pressure: pressure{&f.refuse}, LocalTime: f.localTime, Preview: f.preview,
		Clock: func() time.Time { f.mu.Lock(); defer f.mu.Unlock(); return f.clock }, Logger: zerolog.New(f.log), Registerer: f.registry,
	})
	require.NoError(t, err)
	f.Gateway = g
	return f
}

func (f *fixture) Produce(ctx context.Context, messages []event.Message) error {
	if f.produce != nil {
		return f.produce(ctx)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.produceErr != nil {
		return f.produceErr
	}
	for _, m := range messages {
		// The gateway uses its memory again.
		m.Value = bytes.Clone(m.Value)
		f.produced = append(f.produced, m)
	}
	return nil
}

func (f *fixture) Authenticate(c Credentials) (Device, bool) {
	switch {
	case c.Certificate != nil:
		return Device{Name: c.Certificate.Subject.CommonName}, true
	case c.Token == token && (c.Device == "" || c.Device == "d1"):
		return Device{Name: "d1", Zone: "America/Chicago"}, true
	case c.Token == another && (c.Device == "" || c.Device == "d2"):
		return Device{Name: "d2"}, true
	}
	return Device{}, false
}

func (f *fixture) BatchByID(context.Context, string) ([]event.BatchRow, error) {
	return f.rows, f.rowsErr
}

// pressure refuses where there is a reason.
type pressure struct{ reason *string }

func (p pressure) Refuse() (time.Duration, string, bool) {
	return 90 * time.Second, *p.reason, *p.reason != ""
}

func (f *fixture) preview(s *event.Scan, zone string) (string, event.Outcome, *event.Error) {
	if f.previewErr != nil {
		return "", event.Rejected, f.previewErr
	}
	return "mail_tracking of " + zone, event.Stored, nil
}

// lockedBuffer is a log that may be read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

type reply struct {
	status int
	header http.Header
	raw    string
	Batch  string
	// Accepted is -1 where the answer does not have it.
	Accepted int
	Refused  []refusal
	Check    bool
	Events   []preview
	Time     string
	Error    failureError
}

// call sends a request as the device d1, unless header says otherwise. Headers are "Name: value".
func (f *fixture) call(t testing.TB, method, path string, body io.Reader, headers ...string) reply {
	r := httptest.NewRequest(method, path, body)
	r.Header.Set("Authorization", "Bearer "+token)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, r)
	got := reply{status: w.Code, header: w.Header(), raw: w.Body.String(), Accepted: -1}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got), got.raw)
	}
	return got
}

func (f *fixture) post(t testing.TB, body string, headers ...string) reply {
	return f.call(t, "POST", "/v1/scans", strings.NewReader(body), headers...)
}

// events reads back what was produced, by place in the request.
func (f *fixture) events(t testing.TB) map[uint32]event.Scan {
	found := map[uint32]event.Scan{}
	for i := range f.produced {
		m := &f.produced[i]
		places, err := event.ParseRanges(string(m.Header(event.BatchIndexHeader)))
		require.NoError(t, err)
		batch := event.NewBatch(m.Value)
		n := uint64(0)
		for ; ; n++ {
			raw, ok, wrong := batch.Next()
			if !ok {
				break
			}
			require.Nil(t, wrong)
			var s event.Scan
			require.Nil(t, s.DecodeProto(raw))
			require.Nil(t, s.Check())
			place, ok := places.At(n)
			require.True(t, ok)
			_, twice := found[place]
			require.False(t, twice, "place %d came twice", place)
			found[place] = s
		}
		require.Equal(t, places.Len(), n)
	}
	return found
}

func TestAnswers(t *testing.T) {
	tiny := func(change func(*Config)) func(*fixture) {
		return func(f *fixture) { change(&f.config) }
	}
	tests := []struct {
		name    string
		with    func(*fixture)
		method  string // POST where empty
		path    string // /v1/scans where empty
		body    string
		headers []string

		status  int
		code    Code
		field   string
		limit   int64
		index   int // compared where the code is not_readable
		retry   string
		refused []event.Code
		count   int
	}{
		{name: "one event", body: good, status: 202, count: 1},
		{name: "array", body: "[" + good + "," + bad + "," + good + "]", status: 202, count: 2, refused: []event.Code{event.WrongLength}},
		{name: "lines", body: good + "\nno\n" + good, headers: []string{"Content-Type: " + ndjson}, status: 202, count: 2, refused: []event.Code{event.NotReadable}},
		{name: "lines of a content type with parameters", body: good, headers: []string{"Content-Type: application/x-ndjson; charset=utf-8"}, status: 202, count: 1},
		{name: "envelope", body: `{"msgGrpId":"1","events":[` + good + `]}`, status: 202, count: 1},
		{name: "protobuf", body: protoBatch(good), headers: []string{"Content-Type: application/x-protobuf"}, status: 202, count: 1},
		{name: "empty array", body: "[]", status: 202},
		{name: "basic", body: good, headers: []string{"Authorization: Basic ZDE6czNjcmV0LW9mLWQx"}, status: 202, count: 1},
		{name: "key", body: good, headers: []string{"Idempotency-Key: a b"}, status: 202, count: 1},
		{name: "no content type", body: good, status: 202, count: 1},
		{name: "all refused", body: "[" + bad + "]", status: 422, refused: []event.Code{event.WrongLength}},
		{name: "too old and too far ahead", body: "[" + at("2026-11-01T11:59:59Z") + "," + at("2026-11-01T12:00:00Z") + "," + at("2026-11-21T12:10:00Z") + "," + at("2026-11-21T12:10:00.001Z") + "]",
			status: 202, count: 2, refused: []event.Code{TooOld, TooFarAhead}},
		{name: "local times of an unknown zone", body: "[" + at("2026-10-31T21:59:59") + "," + at("2026-10-31T22:00:00") + "," + at("2026-11-22T02:10:00") + "," + at("2026-11-22T02:10:00.001") + "]",
			status: 202, count: 2, refused: []event.Code{TooOld, TooFarAhead}},
		{name: "check", path: "/v1/scans?check=1", body: good, status: 200, count: 1},
		{name: "check of what is refused", path: "/v1/scans?check=true", body: bad, status: 422, refused: []event.Code{event.WrongLength}},
		{name: "check while the pipeline is full", path: "/v1/scans?check=1", with: func(f *fixture) { f.refuse = "full" }, body: good, status: 200, count: 1},
		{name: "check said no", path: "/v1/scans?check=0", body: good, status: 202, count: 1},

		{name: "broken", body: `[` + good + `,{"a"`, status: 400, code: NotReadable, index: 1},
		{name: "not JSON", body: "imb=1", status: 400, code: NotReadable},
		{name: "gzip that is none", body: good, headers: []string{"Content-Encoding: gzip"}, status: 400, code: NotReadable, index: -1},
		{name: "zstd that is none", body: good, headers: []string{"Content-Encoding: zstd"}, status: 400, code: NotReadable, index: -1},
		{name: "empty", body: "", status: 400, code: EmptyBody},
		{name: "bad parameter", path: "/v1/scans?check=yes", body: good, status: 400, code: BadParameter, field: "check"},
		{name: "bad key", body: good, headers: []string{"Idempotency-Key: a\x01"}, status: 400, code: BadParameter, field: "Idempotency-Key", limit: 255},
		{name: "key that is too long", body: good, headers: []string{"Idempotency-Key: " + strings.Repeat("k", 256)}, status: 400, code: BadParameter, field: "Idempotency-Key", limit: 255},
		{name: "no credentials", body: good, headers: []string{"Authorization: "}, status: 401, code: Unauthorized},
		{name: "wrong token", body: good, headers: []string{"Authorization: Bearer x"}, status: 401, code: Unauthorized},
		{name: "another's token", body: good, headers: []string{"Authorization: Basic ZDI6czNjcmV0LW9mLWQx"}, status: 401, code: Unauthorized},
		{name: "another scheme", body: good, headers: []string{"Authorization: Digest " + token}, status: 401, code: Unauthorized},
		{name: "unknown path", path: "/v2/scans", body: good, status: 404, code: NotFound},
		{name: "images", path: "/v1/images", body: good, status: 404, code: NotAvailable},
		{name: "records of no kind", path: "/v1/records/bundles", body: good, status: 404, code: NotFound, field: "kind"},
		{name: "records that are never kept", path: "/v1/records/session_cookie_data", body: good, status: 404, code: NotKept, field: "kind"},
		{name: "records that end with a relationship", path: "/v1/records/mail_customer", body: good, status: 404, code: NotKept, field: "kind"},
		{name: "records that have a door of their own", path: "/v1/records/mailpiece_image", body: good, status: 404, code: NotKept, field: "kind"},
		{name: "records as protobuf", path: "/v1/records/bundle", body: good, headers: []string{"Content-Type: application/x-protobuf"}, status: 415, code: UnsupportedType, field: "Content-Type"},
		{name: "records of persons as delimited text", path: "/v1/records/hold_mail", body: "a", headers: []string{"Content-Type: text/csv"}, status: 415, code: UnsupportedType, field: "Content-Type"},
		{name: "records, broken", path: "/v1/records/bundle", body: `[` + bundle("1") + `,{`, status: 400, code: NotReadable, index: 1},
		{name: "records, empty", path: "/v1/records/bundle", body: " ", status: 400, code: EmptyBody},
		{name: "delimited text, empty", path: "/v1/records/bundle", body: " ", headers: []string{"Content-Type: text/csv"}, status: 400, code: EmptyBody},
		{name: "delimited text of an unknown field", path: "/v1/records/bundle", body: "colour\n1\n", headers: []string{"Content-Type: text/csv"}, status: 400, code: NotReadable, field: "colour", index: -1},
		{name: "delimited text, broken", path: "/v1/records/bundle", body: "edocJobId,edocPackageId\nA,\"b\n", headers: []string{"Content-Type: text/csv"}, status: 400, code: NotReadable},
		{name: "too many lines of delimited text", with: tiny(func(c *Config) { c.Limits.Events = 1 }), path: "/v1/records/bundle", body: "edocJobId\n1\n2\n", headers: []string{"Content-Type: text/csv"}, status: 413, code: TooManyEvents, limit: 1},
		{name: "records, GET", method: "GET", path: "/v1/records/bundle", status: 405, code: MethodNotAllowed},
		{name: "method", method: "GET", status: 405, code: MethodNotAllowed},
		{name: "body that is too large", with: tiny(func(c *Config) { c.MaxBody = 10 }), body: good, status: 413, code: BodyTooLarge, limit: 10},
		{name: "too many events", with: tiny(func(c *Config) { c.Limits.Events = 2 }), body: "[1,2,3]", status: 413, code: TooManyEvents, limit: 2},
		{name: "content type", body: good, headers: []string{"Content-Type: text/html"}, status: 415, code: UnsupportedType, field: "Content-Type"},
		{name: "content encoding", body: good, headers: []string{"Content-Encoding: br"}, status: 415, code: UnsupportedEncoding, field: "Content-Encoding"},
		{name: "failure within", with: func(f *fixture) { f.produce = func(context.Context) error { panic("x") } }, body: good, status: 500, code: Internal},
		{name: "no room for bytes", with: tiny(func(c *Config) { c.MaxBody, c.Limits.BytesInFlight = 10_000, 10_000 }), body: good, status: 503, code: Busy, limit: 10_000, retry: "1"},
		{name: "pipeline full", with: func(f *fixture) { f.refuse = "the oldest record is 4 days old" }, body: good, status: 503, code: PipelineFull, retry: "90"},
		{name: "Kafka does not acknowledge", with: func(f *fixture) { f.produceErr = errors.New("leader lost") }, body: good, status: 503, code: NotAcknowledged, retry: "1"},
		{name: "store does not answer", with: func(f *fixture) { f.rowsErr = errors.New("refused") }, method: "GET", path: "/v1/batches/" + strings.Repeat("a", 32), status: 503, code: StoreUnavailable, retry: "5"},
		{name: "batch id that is none", method: "GET", path: "/v1/batches/A", status: 404, code: NotFound, field: "id"},
		{name: "schema of an unknown format", method: "GET", path: "/v1/schema?format=xml", status: 400, code: BadParameter, field: "format"},
	}
	missing := map[Code]bool{Timeout: true} // TestSlowBody
	for _, code := range Codes() {
		missing[code] = code != Timeout
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.with == nil {
				test.with = func(*fixture) {}
			}
			f := newFixture(t, test.with)
			method, path := test.method, test.path
			if method == "" {
				method = "POST"
			}
			if path == "" {
				path = "/v1/scans"
			}
			got := f.call(t, method, path, strings.NewReader(test.body), test.headers...)
			require.Equal(t, test.status, got.status, got.raw)
			require.Equal(t, test.code, got.Error.Code)
			require.Equal(t, test.field, got.Error.Field)
			require.Equal(t, test.limit, got.Error.Limit)
			require.Equal(t, test.retry, got.header.Get("Retry-After"))
			require.Equal(t, "2026-11-21T12:00:00.000Z", got.Time)
			require.Zero(t, f.bytes.used.Load())
			require.Zero(t, f.requests.used.Load())
			if test.code != "" {
				missing[test.code] = false
				require.Empty(t, f.produced)
				require.NotEmpty(t, got.Error.Message)
				if test.code == NotReadable && test.index >= 0 {
					require.Equal(t, test.index, *got.Error.Index)
				}
				if test.status == 401 {
					require.Len(t, got.header.Values("WWW-Authenticate"), 2)
				}
				return
			}
			var codes []event.Code
			for _, r := range got.Refused {
				codes = append(codes, r.Code)
				require.NotEmpty(t, r.Message)
			}
			require.Equal(t, test.refused, codes)
			require.NotNil(t, got.Refused, "refused is a list also where it is empty")
			require.Equal(t, test.count, got.Accepted)
			require.True(t, isBatchID(got.Batch))
			if got.Check {
				require.Len(t, got.Events, test.count)
				require.Empty(t, f.produced)
			} else {
				require.Len(t, f.events(t), test.count)
			}
		})
	}
	for code, is := range missing {
		require.False(t, is, "no test for %s", code)
	}
}

func at(time string) string {
	return `{"imb":"0027090012345600001210118112501","scanDatetime":"` + time + `","machineId":"DBCS-0421"}`
}

func protoBatch(events ...string) string {
	var batch []byte
	for _, e := range events {
		var s event.Scan
		if err := s.DecodeJSON([]byte(e)); err != nil {
			panic(err)
		}
		if err := s.Check(); err != nil {
			panic(err)
		}
		batch = s.AppendProto(batch)
	}
	return string(batch)
}
