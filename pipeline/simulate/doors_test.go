package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
)

// fakeGateway answers as the gateway's description says, with troubles between.
type fakeGateway struct {
	mutex   sync.Mutex
	calls   int
	bodies  map[string]string // by key
	taken   uint64
	refused uint64
	trouble func(call int) (*http.Response, error)
}

func (g *fakeGateway) RoundTrip(r *http.Request) (*http.Response, error) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if r.URL.Path != "/v1/scans" || r.Header.Get("Authorization") != "Bearer secret" || r.Header.Get("Content-Type") != "application/x-ndjson" {
		return reply(http.StatusUnauthorized, `{"error":{"code":"unauthorized","message":"who are you"}}`), nil
	}
	key := r.Header.Get("Idempotency-Key")
	if before, again := g.bodies[key]; again && before != string(body) {
		return nil, errors.New("another body under the same key")
	}
	g.bodies[key] = string(body)
	g.calls++
	if g.trouble != nil {
		if response, err := g.trouble(g.calls); response != nil || err != nil {
			return response, err
		}
	}
	var a struct {
		Accepted uint64           `json:"accepted"`
		Refused  []map[string]any `json:"refused"`
	}
	for i, line := range bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n")) {
		var s event.Scan
		err := s.DecodeJSON(line)
		if err == nil {
			err = s.Check()
		}
		if age := testNow.UnixMilli() - s.Time.UnixMilli(); err != nil || s.Time.HasOffset && (age > 20*dayMilli || age < -600_000) {
			a.Refused = append(a.Refused, map[string]any{"index": i})
			continue
		}
		a.Accepted++
	}
	g.taken += a.Accepted
	g.refused += uint64(len(a.Refused))
	text, err := json.Marshal(a)
	status := http.StatusAccepted
	if a.Accepted == 0 {
		status = http.StatusUnprocessableEntity
	}
	return reply(status, string(text)), err
}

func reply(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

func (g *fakeGateway) config() HTTPConfig {
	g.bodies = map[string]string{}
	return HTTPConfig{URL: "http://gateway.test/", Token: "secret", Client: &http.Client{Transport: g}, Concurrency: 4}
}

func TestToHTTPSendsEverythingInSpiteOfTrouble(t *testing.T) {
	o := testOptions(20_000)
	o.BatchSize = 100
	synctest.Test(t, func(t *testing.T) {
		g := &fakeGateway{trouble: func(call int) (*http.Response, error) {
			switch call % 9 {
			case 3:
				return nil, errors.New("connection reset by peer")
			case 5:
				return reply(http.StatusTooManyRequests, `{"error":{"code":"too_many"}}`), nil
			case 7:
				return reply(http.StatusBadGateway, "<html>"), nil
			}
			return nil, nil
		}}
		config := g.config()
		calls := 0
		config.Progress = func(p Progress) { calls++ }
		truth, sum, err := ToHTTP(t.Context(), o, config)
		require.NoError(t, err)
		totals := truth.Totals(HTTP)
		require.Equal(t, totals["refused"], sum.Refused)
		require.Equal(t, totals["stored"]+totals["rejected"]+totals["duplicate"], sum.Accepted)
		require.Equal(t, g.taken, sum.Accepted)
		require.Equal(t, g.refused, sum.Refused)
		require.Positive(t, totals["duplicate"])
		require.EqualValues(t, g.calls, sum.Requests+sum.Retries)
		require.Equal(t, g.calls, calls)
		require.Len(t, g.bodies, 200)
	})
}

func TestToHTTPKeepsRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		g := &fakeGateway{trouble: func(call int) (*http.Response, error) {
			response := reply(http.StatusServiceUnavailable, "{}")
			switch call {
			case 1:
				response.Header.Set("Retry-After", "37")
			case 2:
				response.Header.Set("Retry-After", time.Now().Add(23*time.Second).UTC().Format(http.TimeFormat))
			default:
				response = nil
			}
			return response, nil
		}}
		_, sum, err := ToHTTP(t.Context(), testOptions(10), g.config())
		require.NoError(t, err)
		require.EqualValues(t, 2, sum.Retries)
		require.InDelta(t, 60, time.Since(begun).Seconds(), 1)
	})
}

func TestToHTTPGivesUp(t *testing.T) {
	down := func(int) (*http.Response, error) { return nil, errors.New("connection refused") }
	cases := map[string]struct {
		trouble func(int) (*http.Response, error)
		change  func(*HTTPConfig)
		want    string
	}{
		"out of patience": {down, func(c *HTTPConfig) { c.Patience = time.Minute }, "given up after 1m0s"},
		"wrong token":     {nil, func(c *HTTPConfig) { c.Token = "other" }, "unauthorized: who are you"},
		"no workers":      {nil, func(c *HTTPConfig) { c.Concurrency = 0 }, "concurrency is 0"},
		"bad address":     {nil, func(c *HTTPConfig) { c.URL = "http://[" }, "gateway address"},
		"events forgotten": {func(int) (*http.Response, error) { return reply(http.StatusAccepted, `{"accepted":1}`), nil }, nil,
			"accounts for 1 of 10 events"},
		"no JSON": {func(int) (*http.Response, error) { return reply(http.StatusAccepted, `ok`), nil }, nil, "not the JSON"},
		"nothing read": {func(int) (*http.Response, error) {
			return reply(http.StatusBadRequest, `{"error":{"code":"not_readable"}}`), nil
		}, nil, "not_readable"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &fakeGateway{trouble: c.trouble}
				config := g.config()
				if c.change != nil {
					c.change(&config)
				}
				o := testOptions(10)
				o.Shares = Shares{}
				_, _, err := ToHTTP(t.Context(), o, config)
				require.ErrorContains(t, err, c.want)
				require.NotContains(t, err.Error(), "secret")
			})
		})
	}
}

// A gateway that cannot read any of a request's events may answer 400.
func TestToHTTPTakesABadRequestForRefused(t *testing.T) {
	g := &fakeGateway{trouble: func(int) (*http.Response, error) { return reply(http.StatusBadRequest, `{"error":{}}`), nil }}
	c := g.config()
	door := &gateway{HTTPConfig: c, progress: &progress{}, contentType: "application/x-ndjson"}
	door.URL = strings.TrimSuffix(door.URL, "/")
	r := &Request{Key: "k", Body: []byte("{\n"), ends: []int{2}, labels: []label{{damage: truncated}}}
	require.NoError(t, door.send(context.Background(), r))
	require.EqualValues(t, 1, door.progress.sum.Refused)
}

func TestToHTTPEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &fakeGateway{trouble: func(int) (*http.Response, error) { return nil, errors.New("connection refused") }}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		_, sum, err := ToHTTP(ctx, testOptions(100_000), g.config())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Positive(t, sum.Retries)
	})
}

// fakeProducer keeps what was written.
type fakeProducer struct {
	mutex    sync.Mutex
	messages []event.Message
	fail     error
}

func (p *fakeProducer) Produce(_ context.Context, messages []event.Message) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, m := range messages {
		m.Value = bytes.Clone(m.Value)
		p.messages = append(p.messages, m)
	}
	return p.fail
}

func TestToKafkaWritesEventsThatRepeatUnderOneBatch(t *testing.T) {
	for _, wire := range []Wire{JSON, Protobuf} {
		o := testOptions(5000)
		o.Wire, o.BatchSize = wire, 50
		p := &fakeProducer{}
		truth, sum, err := ToKafka(context.Background(), o, KafkaConfig{Producer: p, Concurrency: 3})
		require.NoError(t, err)
		total := uint64(0)
		for _, n := range truth.Totals(Kafka) {
			total += n
		}
		require.Equal(t, total, sum.Events)
		seen := map[string]string{}
		copies := uint64(0)
		for _, m := range p.messages {
			require.Equal(t, event.ScansTopic, m.Topic)
			if wire == Protobuf {
				require.Equal(t, event.ProtoType, string(m.Header(event.ContentTypeHeader)))
			}
			id := m.Header(event.BatchIDHeader)
			require.Equal(t, id, m.Key)
			if id == nil {
				continue
			}
			place := string(id) + "/" + string(m.Header(event.BatchIndexHeader))
			if before, again := seen[place]; again {
				require.Equal(t, before, string(m.Value))
				batch, n := event.NewBatch(m.Value), uint64(1)
				if wire == Protobuf {
					for n = 0; ; n++ {
						if _, ok, _ := batch.Next(); !ok {
							break
						}
					}
				} else {
					part, err := event.ParsePart(string(m.Header(event.BatchPartHeader)))
					require.NoError(t, err)
					require.Equal(t, 50, part.Of)
				}
				copies += n
			}
			seen[place] = string(m.Value)
		}
		require.Positive(t, copies)
		require.Equal(t, truth.Totals(Kafka)["duplicate"], copies)
	}
}

func TestToKafkaEndsWithTheFirstError(t *testing.T) {
	broken := errors.New("broker is gone")
	_, _, err := ToKafka(context.Background(), testOptions(5000), KafkaConfig{Producer: &fakeProducer{fail: broken}, Concurrency: 2})
	require.ErrorIs(t, err, broken)
}

func TestToFileWritesALineAnEvent(t *testing.T) {
	var file bytes.Buffer
	last := Progress{}
	truth, sum, err := ToFile(context.Background(), testOptions(5000), &file, func(p Progress) { last = p })
	require.NoError(t, err)
	require.Equal(t, 5000, bytes.Count(file.Bytes(), []byte("\n")))
	require.Equal(t, sum, last)
	require.EqualValues(t, 5000, sum.Events)
	require.Zero(t, truth.Totals(Kafka)["duplicate"])
	require.Positive(t, truth.Totals(Kafka)["expired"])
	require.Zero(t, truth.Totals(HTTP)["expired"])
}
