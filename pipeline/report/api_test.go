package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/schemas/retention"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// world is everything that the page asks.
type world struct {
	api     *API
	now     time.Time
	stores  []*fakeStore
	ledger  *LedgerState
	noBook  error
	applied *retention.Schedule
	asked   Asked
}

type fakeStore struct {
	name     string
	holdings []Holding
	err      error
	waits    bool
}

func (s *fakeStore) Name() string { return s.name }

func (s *fakeStore) Oldest(ctx context.Context) ([]Holding, error) {
	if s.waits {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.holdings, s.err
}

func (w *world) AppliedSchedule(context.Context) (*retention.Schedule, error) { return w.applied, nil }

func (w *world) State(_ context.Context, asked Asked) (*LedgerState, error) {
	w.asked = asked
	return w.ledger, w.noBook
}

func (w *world) Proof(_ context.Context, class string, slot time.Time) ([]byte, error) {
	switch {
	case w.noBook != nil:
		return nil, w.noBook
	case class != retention.MailTracking:
		return nil, fmt.Errorf("%w: no class %q", ErrNoProof, class)
	}
	return []byte(`{"slot":"` + slot.Format(time.RFC3339) + `"}` + "\n"), nil
}

func (w *world) Officer(name, token string) (string, bool) {
	return "records", name == "records" && token == "right"
}

func newWorld() *world {
	w := &world{now: noon, applied: retention.Builtin(), stores: []*fakeStore{{name: "ClickHouse"}, {name: "Kafka"}, {name: "Folders"}}, ledger: &LedgerState{Origin: "mailtrail/ledger/0", PublicKey: "key+1", Checkpoint: "checkpoint <1>\n"}}
	deps := Deps{Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Clock: func() time.Time { return w.now }, Officers: w, Applied: w, Ledger: w}
	for _, s := range w.stores {
		deps.Stores = append(deps.Stores, s)
	}
	w.api = New(Config{Schedule: retention.Builtin()}, deps)
	return w
}

// get asks as the officer.
func (w *world) get(path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.SetBasicAuth("records", "right")
	return w.serve(r)
}

func (w *world) serve(r *http.Request) *httptest.ResponseRecorder {
	out := httptest.NewRecorder()
	w.api.ServeHTTP(out, r)
	return out
}

func TestWhatIsNotBuiltSaysSo(t *testing.T) {
	w := newWorld()
	for _, path := range []string{"/", "/v1/reports", "/v1/pieces/00270900123456000012", "/officers"} {
		out := w.serve(httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, http.StatusNotFound, out.Code)
		var got answer
		require.NoError(t, json.Unmarshal(out.Body.Bytes(), &got))
		require.Equal(t, "not_available", got.Error.Code)
		require.Equal(t, "2026-11-25T12:00:00Z", got.Time)
	}
}

func TestOnlyOfficersComeIn(t *testing.T) {
	w := newWorld()
	for _, path := range []string{"/officer", "/officer/", "/officer/style.css", "/officer/checkpoint", "/officer/proofs/mail_tracking/2026-10-26T00:00:00Z.json", "/officer/none"} {
		out := w.serve(httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, http.StatusUnauthorized, out.Code, path)
		require.Contains(t, out.Header().Get("WWW-Authenticate"), "Basic realm=")
		require.NotContains(t, out.Body.String(), "mail_tracking")
	}
	for _, h := range []struct{ name, want string }{
		{"Content-Security-Policy", "default-src 'none'; style-src 'self'"}, {"Content-Security-Policy", "frame-ancestors 'none'"}, {"X-Frame-Options", "DENY"},
		{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}, {"Referrer-Policy", "no-referrer"},
	} {
		for _, out := range []*httptest.ResponseRecorder{w.get("/officer"), w.serve(httptest.NewRequest(http.MethodGet, "/officer", nil))} {
			require.Contains(t, out.Header().Get(h.name), h.want)
			require.Empty(t, out.Header().Values("Set-Cookie"))
		}
	}
	require.NotContains(t, w.get("/officer").Header().Get("Content-Security-Policy"), "unsafe")
	require.Equal(t, http.StatusMethodNotAllowed, w.serve(httptest.NewRequest(http.MethodPost, "/officer", nil)).Code)
	require.Equal(t, http.StatusNotFound, w.get("/officer/none").Code)
	require.Equal(t, http.StatusOK, w.get("/officer").Code)
}

// An address that fails waits, by the clock; others, and it itself later, come in.
func TestFailedTriesAreBounded(t *testing.T) {
	w := newWorld()
	try := func(remote, token string) int {
		r := httptest.NewRequest(http.MethodGet, "/officer", nil)
		r.RemoteAddr = remote
		r.SetBasicAuth("records", token)
		return w.serve(r).Code
	}
	for range freeTries {
		require.Equal(t, http.StatusUnauthorized, try("192.0.2.1:1000", "wrong"))
	}
	require.Equal(t, http.StatusTooManyRequests, try("192.0.2.1:1001", "wrong"))
	require.Equal(t, http.StatusTooManyRequests, try("192.0.2.1:1002", "right"), "a try that is not judged tells nothing")
	require.Equal(t, http.StatusOK, try("192.0.2.2:1000", "right"))
	w.now = w.now.Add(tryEvery)
	require.Equal(t, http.StatusOK, try("192.0.2.1:1003", "right"))
	require.Equal(t, http.StatusUnauthorized, try("192.0.2.1:1003", "wrong"))
	require.Equal(t, http.StatusTooManyRequests, try("192.0.2.1:1003", "wrong"))
	for i := range freeTries {
		try(fmt.Sprintf("[2001:db8::%x]:5", i+1), "wrong")
	}
	require.Equal(t, http.StatusTooManyRequests, try("[2001:db8::ffff]:5", "right"), "the network counts, not one of its addresses")
	require.EqualValues(t, 4, testutil.ToFloat64(w.guard(t).WithLabelValues("too_many_tries")))
	for i := range mostAddresses {
		try(fmt.Sprintf("10.%d.%d.1:9", i/250, i%250), "wrong")
	}
	require.Equal(t, http.StatusOK, try("192.0.2.9:1", "right"))
}

// guard is the counter of what was refused.
func (w *world) guard(t *testing.T) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "mailtrail", Subsystem: "api", Name: "officer_refused_total", Help: "Requests for the records officer's page that were not let in, by reason (no_credentials, wrong_credentials, too_many_tries)."}, []string{"reason"})
	err := w.api.deps.Metrics.Register(c)
	var there prometheus.AlreadyRegisteredError
	require.ErrorAs(t, err, &there)
	return there.ExistingCollector.(*prometheus.CounterVec)
}

func TestThePageSaysHowThingsStand(t *testing.T) {
	w := newWorld()
	row := retention.Builtin().Row(retention.MailTracking)
	slot := time.Unix(row.CompleteFrom(noon.Unix()), 0).UTC()
	scans := retention.Place{Store: retention.ClickHouse, Name: "scans"}
	w.stores[0].holdings = []Holding{{retention.MailTracking, scans, slot, time.Unix(row.DestroyAt(slot.Unix()), 0), 1234567}}
	w.stores[1].holdings = []Holding{{"", retention.Place{Store: retention.Kafka, Name: "mail.scans"}, noon.Add(-50 * time.Hour), noon.Add(100 * time.Hour), 0}}
	w.ledger = &LedgerState{
		Origin: "mailtrail/ledger/0", Size: 12345, Newest: noon, Checkpoint: "a <b>\n", PublicKey: "mailtrail/ledger/0+1+x", Verify: &VerifyResult{noon, 40, 0, 2}, Classes: []string{"mail_tracking"},
		Destroyed: []DestroyedSlot{{Class: "mail_tracking", Slot: slot.AddDate(0, 0, -1), At: noon, By: []string{"sweeper"}, Rows: 5, Places: []string{"clickhouse/scans"}}},
	}
	page := w.get("/officer").Body.String()
	for _, want := range []string{
		"Nothing needs attention.", "1,234,567", "29 d 12 h", "up to 30 d", "within its limit", "for records", "12,345", "40 objects", "nothing amiss", "a &lt;b&gt;",
		`href="/officer/proofs/mail_tracking/` + slot.AddDate(0, 0, -1).Format(time.RFC3339) + `.json"`, "22 d 2 h", "None is entered in the ledger.", "came without encryption",
	} {
		require.Contains(t, page, want)
	}
	for _, no := range []string{"<script", "style=", "onclick", "javascript:", "http://", "https://"} {
		require.NotContains(t, page, no)
	}

	// Another schedule in force on the server counts, and is told.
	shorter, err := retention.Parse([]byte(strings.Replace(string(retention.Builtin().Source()), "limit: 30d", "limit: 29d", 1)))
	require.NoError(t, err)
	w.applied = shorter
	page = w.get("/officer").Body.String()
	require.Contains(t, page, "The configuration names another schedule than the server has in force")
	require.Contains(t, page, "up to 29 d")
	w.applied = retention.Builtin()

	// What is amiss stands at the top.
	w.stores[0].holdings[0].Oldest = noon.AddDate(0, 0, -31)
	w.ledger.Violations, w.ledger.ViolationsTotal = []Violation{{noon, "mail_tracking", "clickhouse", "mailtrail_data.scans", "a detached part"}}, 3
	w.ledger.Verify.Findings = 4
	w.ledger.Gaps = []Gap{{"mail_tracking", "clickhouse/scans", slot.AddDate(0, 0, -2), noon.Add(-time.Hour), false}, {Class: "x", Acknowledged: true}}
	w.ledger.Held = []HeldClock{{noon, 48 * time.Hour, "every server is behind it"}}
	page = w.get("/officer").Body.String()
	for _, want := range []string{
		"4 things need attention.", "Class mail_tracking in ClickHouse scans: the oldest record may be 31 d old, and its limit is 30 d.", "OVER ITS LIMIT",
		"1 slots were due and have no entry", "found 4 objects amiss", "3 violations are entered", "a detached part", "2 d ahead and was not believed",
	} {
		require.Contains(t, page, want)
	}
}

func TestThePageWithoutAStoreOrTheLedger(t *testing.T) {
	synctest.Test(t, pageWithoutAStoreOrTheLedger)
}

func pageWithoutAStoreOrTheLedger(t *testing.T) {
	w := newWorld()
	w.applied = nil
	w.stores[0].err = errors.New("connection refused")
	w.stores[1].waits = true
	page := w.get("/officer").Body.String()
	for _, want := range []string{"ClickHouse did not answer.", "connection refused", "Kafka did not answer.", "not known", "mailtrail/ledger/0", "the server that has it in force did not answer"} {
		require.Contains(t, page, want)
	}
	w.stores[1].waits = false
	w.ledger, w.noBook = nil, fmt.Errorf("%w: there is no folder /data/ledger", ErrNoLedger)
	page = w.get("/officer").Body.String()
	require.Contains(t, page, "the ledger is not on this host: there is no folder /data/ledger")
	require.NotContains(t, page, "The ledger cannot be read")
	require.Equal(t, http.StatusNotFound, w.get("/officer/checkpoint").Code)
	w.noBook = errors.New("altered")
	require.Contains(t, w.get("/officer").Body.String(), "The ledger cannot be read: altered.")
	require.Equal(t, http.StatusServiceUnavailable, w.get("/officer/proofs/mail_tracking/2026-10-26T00:00:00Z.json").Code)
}

// A place of which no store was asked is not known; the object store is asked where there is one.
func TestThePageShowsTheObjectStore(t *testing.T) {
	w := newWorld()
	of := func() (found []string) {
		for _, l := range w.api.gather(t.Context(), Asked{}).Lines {
			if l.Class == retention.MailpieceImages && l.Store == "Object store" {
				found = append(found, l.Place+": "+l.State)
			}
		}
		return found
	}
	require.Equal(t, []string{"images: not known"}, of())
	store := &fakeStore{name: "Object store"}
	w.api.deps.Stores = append(w.api.deps.Stores, store)
	require.Equal(t, []string{"images: nothing held"}, of())
	place := retention.Place{Store: retention.Objects, Name: retention.ImagesBucket}
	store.holdings = []Holding{{Class: retention.MailpieceImages, Place: place, Oldest: noon.AddDate(0, 0, -4)}}
	require.Equal(t, []string{"images: OVER ITS LIMIT"}, of())
	store.err = errors.New("away")
	store.holdings = nil
	require.Equal(t, []string{"images: not known"}, of())
}

// A topic tells when a record was appended, and it may have been old by then.
func TestThePageCountsHowOldARecordMayCome(t *testing.T) {
	w := newWorld()
	w.stores[1].holdings = []Holding{{Place: retention.Place{Store: retention.Kafka, Name: "mail.scans"}, Oldest: noon.Add(-11 * 24 * time.Hour)}}
	for _, l := range w.api.gather(t.Context(), Asked{}).Lines {
		if l.Class == retention.MailTracking && l.Store == "Kafka" {
			require.Equal(t, 31*24*time.Hour, l.Age)
			require.Equal(t, stateOver, l.State)
		}
	}
}

func TestProofsAreFiles(t *testing.T) {
	w := newWorld()
	out := w.get("/officer/proofs/mail_tracking/2026-10-26T00:00:00Z.json")
	require.Equal(t, http.StatusOK, out.Code)
	require.Equal(t, `attachment; filename="mailtrail-proof-mail_tracking-20261026T000000Z.json"`, out.Header().Get("Content-Disposition"))
	require.Equal(t, `{"slot":"2026-10-26T00:00:00Z"}`+"\n", out.Body.String())
	require.Equal(t, http.StatusNotFound, w.get("/officer/proofs/postcards/2026-10-26T00:00:00Z.json").Code)
	require.Equal(t, http.StatusBadRequest, w.get("/officer/proofs/mail_tracking/yesterday.json").Code)
	require.Equal(t, "checkpoint <1>\n", w.get("/officer/checkpoint").Body.String())
}

func TestTheListOfSlotsGoesOn(t *testing.T) {
	w := newWorld()
	for i := range slotsShown + 1 {
		w.ledger.Destroyed = append(w.ledger.Destroyed, DestroyedSlot{Class: "mail_tracking", Slot: noon.Truncate(24*time.Hour).AddDate(0, 0, -i), At: noon})
	}
	page := w.get("/officer?class=mail_tracking&before=2026-12-01").Body.String()
	require.Equal(t, Asked{Class: "mail_tracking", Before: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), Limit: slotsShown + 1}, w.asked)
	require.Equal(t, slotsShown, strings.Count(page, ">Download</a></td>"))
	last := noon.Truncate(24*time.Hour).AddDate(0, 0, -slotsShown+1).Format(time.RFC3339)
	require.Contains(t, page, `/officer?class=mail_tracking&amp;before=`+strings.ReplaceAll(last, ":", "%3a")+"&amp;after=mail_tracking#proofs")
	require.Equal(t, http.StatusOK, w.get("/officer?before="+last+"&after=confirm").Code)
	require.Equal(t, "confirm", w.asked.After)
	require.Equal(t, http.StatusBadRequest, w.get("/officer?before=soon").Code)
	require.NotContains(t, w.get("/officer?class=%3Cscript%3E").Body.String(), "<script>")
}

func TestSpans(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", time.Second: "1 s", 61 * time.Second: "1 min 1 s", 24 * time.Hour: "1 d", 49*time.Hour + 5*time.Minute: "2 d 1 h", -time.Hour: "-1 h",
	} {
		require.Equal(t, want, span(d))
	}
	require.Equal(t, "1,234,567", count(1234567))
	require.Equal(t, "123", count(uint64(123)))
}

// Tokens in clear beyond this machine are warned of; over TLS the page says nothing of it.
func TestWithoutTLSBeyondThisMachine(t *testing.T) {
	for listen, want := range map[string]bool{"0.0.0.0:0": true, "127.0.0.1:0": false} {
		var log bytes.Buffer
		w := newWorld()
		w.api.config.Listen, w.api.deps.Log = listen, zerolog.New(&log)
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // it ends as soon as it serves
		require.NoError(t, w.api.Run(ctx))
		require.Equal(t, want, strings.Contains(log.String(), "without TLS"), listen)
	}
	server := httptest.NewTLSServer(newWorld().api)
	defer server.Close()
	request, err := http.NewRequest(http.MethodGet, server.URL+"/officer", nil)
	require.NoError(t, err)
	request.SetBasicAuth("records", "right")
	response, err := server.Client().Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Contains(t, string(page), "Retention")
	require.NotContains(t, string(page), "without encryption")
}
