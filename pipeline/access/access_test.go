package access

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// clock is a clock that the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// desk is an editor and a store on one file, with the store's log.
type desk struct {
	*Editor
	store *Store
	clock *clock
	path  string
	log   *bytes.Buffer
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{clock: &clock{now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}, path: filepath.Join(t.TempDir(), "data", "access.yaml"), log: &bytes.Buffer{}}
	d.Editor = NewEditor(d.path, d.clock.Now)
	store, err := Open(d.path, Deps{Logger: zerolog.New(d.log), Registerer: prometheus.NewRegistry(), Now: d.clock.Now})
	require.NoError(t, err)
	d.store = store
	return d
}

func (d *desk) device(t *testing.T, name string) string {
	t.Helper()
	token, err := d.AddDevice(context.Background(), name, "America/New_York")
	require.NoError(t, err)
	return token
}

// reading is the present value of a counter or gauge.
func reading(t *testing.T, metric prometheus.Metric) float64 {
	t.Helper()
	var read dto.Metric
	require.NoError(t, metric.Write(&read))
	return read.GetCounter().GetValue() + read.GetGauge().GetValue()
}

func TestADeviceComesInUntilItIsRevoked(t *testing.T) {
	d := newDesk(t)
	token := d.device(t, "DBCS-0421")
	other := d.device(t, "dbcs-0422")
	d.clock.forward(checkEvery)

	want := Identity{Kind: KindDevice, Name: "dbcs-0421", Zone: "America/New_York"}
	for _, name := range []string{"", "dbcs-0421", "DBCS-0421"} {
		got, err := d.store.Authenticate(KindDevice, name, token)
		require.NoError(t, err, name)
		require.Equal(t, want, got)
	}
	for name, try := range map[string]struct {
		kind        Kind
		name, token string
	}{
		"another's token":  {KindDevice, "dbcs-0421", other},
		"unknown name":     {KindDevice, "dbcs-0423", token},
		"wrong kind":       {KindMailer, "", token},
		"no token":         {KindDevice, "dbcs-0421", ""},
		"never given":      {KindDevice, "", newToken(KindDevice)},
		"cut off":          {KindDevice, "", token[:len(token)-1]},
		"mistyped":         {KindDevice, "", token[:10] + "!" + token[11:]},
		"not a name":       {KindDevice, "../x", token},
		"unknown kind":     {Kind("robot"), "", token},
		"another's prefix": {KindMailer, "", "mt_mlr_" + token[7:]},
	} {
		_, err := d.store.Authenticate(try.kind, try.name, try.token)
		require.ErrorIs(t, err, ErrRefused, name)
	}
	device, ok := d.store.DeviceByName("DBCS-0421")
	require.True(t, ok)
	require.Equal(t, "America/New_York", device.Zone)
	_, ok = d.store.DeviceByName("dbcs-0423")
	require.False(t, ok)

	kind, err := d.Revoke(context.Background(), "dbcs-0421")
	require.NoError(t, err)
	require.Equal(t, KindDevice, kind)
	d.clock.forward(checkEvery)
	_, err = d.store.Authenticate(KindDevice, "dbcs-0421", token)
	require.ErrorIs(t, err, ErrRefused)
	_, ok = d.store.DeviceByName("dbcs-0421")
	require.False(t, ok)
	_, err = d.store.Authenticate(KindDevice, "", other)
	require.NoError(t, err)
}

func TestTheStoreLooksAtMostOnceASecond(t *testing.T) {
	d := newDesk(t)
	token := d.device(t, "dbcs-0421")
	d.clock.forward(checkEvery - 1)
	_, err := d.store.Authenticate(KindDevice, "", token)
	require.ErrorIs(t, err, ErrRefused)
	d.clock.forward(1)
	_, err = d.store.Authenticate(KindDevice, "", token)
	require.NoError(t, err)

	_, err = d.Revoke(context.Background(), "dbcs-0421")
	require.NoError(t, err)
	d.clock.forward(-time.Hour)
	_, err = d.store.Authenticate(KindDevice, "", token)
	require.ErrorIs(t, err, ErrRefused, "a clock set back must not keep an old answer alive")
}

func TestABrokenFileChangesNothing(t *testing.T) {
	d := newDesk(t)
	revoked, kept := d.device(t, "dbcs-0421"), d.device(t, "dbcs-0422")
	_, err := d.Revoke(context.Background(), "dbcs-0421")
	require.NoError(t, err)
	d.clock.forward(checkEvery)
	good, err := os.ReadFile(d.path)
	require.NoError(t, err)
	check := func(why string) {
		t.Helper()
		for range 3 {
			d.clock.forward(checkEvery)
			_, err := d.store.Authenticate(KindDevice, "", kept)
			require.NoError(t, err, why)
			_, err = d.store.Authenticate(KindDevice, "", revoked)
			require.ErrorIs(t, err, ErrRefused, why)
		}
	}
	check("good")
	require.Zero(t, reading(t, d.store.metrics.reloads.WithLabelValues("failed")))
	failures := 0.0
	for why, content := range map[string]string{"empty": "", "cut off": string(good[:len(good)-20]), "other YAML": "devices: 7", "secret": "version: 1\nhunter2: x"} {
		require.NoError(t, os.WriteFile(d.path, []byte(content), 0o600))
		check(why)
		failures++
		require.Equal(t, failures, reading(t, d.store.metrics.reloads.WithLabelValues("failed")), why)
	}
	require.NoError(t, os.Remove(d.path))
	check("gone")
	require.Equal(t, failures+1, reading(t, d.store.metrics.reloads.WithLabelValues("failed")))
	require.Equal(t, int(failures)+1, strings.Count(d.log.String(), "stays as it was"))
	require.NotContains(t, d.log.String(), "hunter2")
	require.NotContains(t, d.log.String(), digestOf(kept).String()[:16])

	require.NoError(t, os.WriteFile(d.path, []byte("version: 1\n"), 0o600))
	d.clock.forward(checkEvery)
	_, err = d.store.Authenticate(KindDevice, "", kept)
	require.ErrorIs(t, err, ErrRefused)
	require.Zero(t, reading(t, d.store.metrics.parties.WithLabelValues("device")))
}

func TestAFileThatStaysUnreadableIsTriedAgainAndLoggedOnce(t *testing.T) {
	d := newDesk(t)
	token := d.device(t, "dbcs-0421")
	d.clock.forward(checkEvery)
	_, err := d.store.Authenticate(KindDevice, "", token)
	require.NoError(t, err)
	require.NoError(t, os.Rename(d.path, d.path+".away"))
	require.NoError(t, os.Mkdir(d.path, 0o700))
	for range 3 {
		d.clock.forward(checkEvery)
		_, err := d.store.Authenticate(KindDevice, "", token)
		require.NoError(t, err)
	}
	require.Equal(t, 3.0, reading(t, d.store.metrics.reloads.WithLabelValues("failed")))
	require.Equal(t, 1, strings.Count(d.log.String(), "stays as it was"))
}

func TestATokenUnderAnotherKindIsRefused(t *testing.T) {
	d := newDesk(t)
	token := newToken(KindOfficer)
	content := "version: 1\ndevices: [{name: a, token_sha256: " + digestOf(token).String() + "}]\n"
	require.NoError(t, os.MkdirAll(filepath.Dir(d.path), 0o700))
	require.NoError(t, os.WriteFile(d.path, []byte(content), 0o600))
	d.clock.forward(checkEvery)
	for _, kind := range []Kind{KindDevice, KindOfficer} {
		_, err := d.store.Authenticate(kind, "", token)
		require.ErrorIs(t, err, ErrRefused)
	}
	require.Equal(t, 1.0, reading(t, d.store.metrics.parties.WithLabelValues("device")))
}

func TestABrokenFileStopsTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.yaml")
	require.NoError(t, os.WriteFile(path, []byte("devices: ["), 0o600))
	_, err := Open(path, Deps{Registerer: prometheus.NewRegistry(), Now: time.Now})
	require.ErrorContains(t, err, "access.file")
	require.ErrorContains(t, err, path)
}

func TestTheFileHoldsNoTokenAndIsOursAlone(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	token := d.device(t, "dbcs-0421")
	analyst, err := d.AddAnalyst(ctx, "Jane")
	require.NoError(t, err)
	content, err := os.ReadFile(d.path)
	require.NoError(t, err)
	for _, secret := range []string{token, analyst} {
		require.NotContains(t, string(content), secret)
		require.NotContains(t, string(content), secret[7:20])
	}
	require.Contains(t, string(content), "password_sha256_hex: "+digestOf(analyst).String())
	info, err := os.Stat(d.path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := filepath.Glob(d.path + ".*.new")
	require.NoError(t, err)
	require.Empty(t, left)

	d.clock.forward(checkEvery)
	require.Equal(t, "jane", d.store.Analysts()[0].Name)
	require.Equal(t, digestOf(analyst), d.store.Analysts()[0].Digest)
	_, err = d.store.Authenticate(KindAnalyst, "jane", analyst)
	require.NoError(t, err)
}

func TestWhatAMailerMaySee(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	token, err := d.AddMailer(ctx, "acme", []string{"912345678", "123456", "123456"}, []string{"1234567"})
	require.NoError(t, err)
	_, err = d.AddMailer(ctx, "presort", nil, []string{"7654321"})
	require.NoError(t, err)
	start := d.clock.Now()
	require.NoError(t, d.Delegate(ctx, "ACME", "presort", []string{"912345678", "123456"}, start, start.Add(48*time.Hour)))
	require.NoError(t, d.Delegate(ctx, "acme", "presort", []string{"123456"}, start, start.Add(24*time.Hour)))
	d.clock.forward(checkEvery)

	identity, err := d.store.Authenticate(KindMailer, "", token)
	require.NoError(t, err)
	require.Equal(t, Identity{Kind: KindMailer, Name: "acme", MIDs: []string{"123456", "912345678"}, CRIDs: []string{"1234567"}}, identity)
	for after, want := range map[time.Duration][]string{
		-time.Second: {}, 0: {"123456", "912345678"}, 24*time.Hour - 1: {"123456", "912345678"}, 24 * time.Hour: {"912345678"}, 48 * time.Hour: {},
	} {
		mids, crids, ok := d.store.Scope("presort", start.Add(after))
		require.True(t, ok)
		require.ElementsMatch(t, want, mids, after)
		require.Equal(t, []string{"7654321"}, crids)
	}
	_, _, ok := d.store.Scope("nobody", start)
	require.False(t, ok)

	_, err = d.Revoke(ctx, "acme")
	require.NoError(t, err)
	d.clock.forward(checkEvery)
	mids, _, ok := d.store.Scope("presort", start)
	require.True(t, ok)
	require.Empty(t, mids)

	_, err = d.AddMailer(ctx, "acme", []string{"123456"}, nil)
	require.NoError(t, err)
	require.NoError(t, d.Delegate(ctx, "acme", "presort", []string{"123456"}, start, start.Add(time.Hour)))
	_, err = d.Revoke(ctx, "presort")
	require.NoError(t, err)
	book, err := d.List()
	require.NoError(t, err)
	require.Empty(t, book.Delegations)
}

func TestWhatIsRefusedAtTheDesk(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	d.device(t, "taken")
	_, err := d.AddMailer(ctx, "acme", []string{"123456"}, nil)
	require.NoError(t, err)
	_, err = d.AddMailer(ctx, "presort", []string{"234567"}, nil)
	require.NoError(t, err)
	now := d.clock.Now()
	device := func(name, zone string) error { _, err := d.AddDevice(ctx, name, zone); return err }
	mailer := func(mids, crids []string) error { _, err := d.AddMailer(ctx, "new", mids, crids); return err }
	analyst := func(name string) error { _, err := d.AddAnalyst(ctx, name); return err }
	officer := func(name string) error { _, err := d.AddOfficer(ctx, name); return err }
	revoke := func(name string) error { _, err := d.Revoke(ctx, name); return err }
	for want, err := range map[string]error{
		`name "": expected 1 to 64`:           device("", ""),
		`name "-a": expected`:                 device("-a", ""),
		`name "a b": expected`:                device("a b", ""),
		`taken already, by this kind: device`: officer("Taken"),
		`time zone "Mars/Olympus"`:            device("d", "Mars/Olympus"),
		`time zone "Local"`:                   device("d", "Local"),
		`at least one MID or CRID`:            mailer(nil, nil),
		`MID "12345"`:                         mailer([]string{"12345"}, nil),
		`MID "912345"`:                        mailer([]string{"912345"}, nil),
		`CRID "x"`:                            mailer(nil, []string{"x"}),
		`try "analyst-1st"`:                   analyst("1st"),
		`try "analyst-a-b"`:                   analyst("a.b"),
		`"default" is kept`:                   analyst("default"),
		`"mailtrail_writer": names that`:      analyst("mailtrail_writer"),
		`nobody is called "nobody"`:           revoke("nobody"),
		`"taken" is not a mailer`:             d.Delegate(ctx, "acme", "taken", []string{"123456"}, now, now.Add(1)),
		`"no" is not a mailer`:                d.Delegate(ctx, "no", "acme", []string{"123456"}, now, now.Add(1)),
		`two different mailers`:               d.Delegate(ctx, "acme", "acme", []string{"123456"}, now, now.Add(1)),
		`expected at least one MID`:           d.Delegate(ctx, "acme", "presort", nil, now, now.Add(1)),
		`expected a time after from`:          d.Delegate(ctx, "acme", "presort", []string{"123456"}, now, now),
		`does not belong to acme`:             d.Delegate(ctx, "acme", "presort", []string{"234567"}, now, now.Add(1)),
		`MID "x": expected 6 digits begi`:     d.Delegate(ctx, "acme", "presort", []string{"x"}, now, now.Add(1)),
	} {
		require.ErrorContains(t, err, want)
	}
	book, err := d.List()
	require.NoError(t, err)
	require.Len(t, book.Devices, 1)
	require.Len(t, book.Mailers, 2)
	require.Empty(t, book.Delegations)
}

func TestManyDesksAtOnceLoseNobody(t *testing.T) {
	d := newDesk(t)
	const desks = 20
	var group sync.WaitGroup
	errs := make([]error, desks)
	for i := range desks {
		group.Go(func() {
			_, errs[i] = NewEditor(d.path, d.clock.Now).AddDevice(context.Background(), "d"+string(rune('a'+i)), "")
		})
	}
	group.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	book, err := d.List()
	require.NoError(t, err)
	require.Len(t, book.Devices, desks)
}

func TestTokens(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		token := newToken(KindDevice)
		require.Regexp(t, `^mt_dev_[0-9A-Za-z]{49}$`, token)
		require.True(t, KindDevice.wellFormed(token))
		require.False(t, KindOfficer.wellFormed(token))
		require.False(t, seen[token])
		seen[token] = true
	}
}

func TestDigestText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digest := digestOf(rapid.String().Draw(t, "token"))
		var again Digest
		require.NoError(t, again.UnmarshalText([]byte(digest.String())))
		require.Equal(t, digest, again)
	})
	require.Error(t, new(Digest).UnmarshalText([]byte("00")))
	require.Equal(t, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", digestOf("abc").String(), "FIPS 180-4's own example")
}

func FuzzParse(f *testing.F) {
	digest := func(s string) string { return digestOf(s).String() }
	f.Add([]byte("version: 1\n"))
	f.Add([]byte("version: 1\ndevices:\n- {name: a, zone: America/New_York, token_sha256: " + digest("a") + ", added: 2026-11-20T00:00:00Z}\n"))
	f.Add([]byte("version: 1\nmailers:\n- {name: a, mids: ['123456'], token_sha256: " + digest("a") + ", added: 2026-11-20T00:00:00Z}\n- {name: b, crids: ['1'], token_sha256: " + digest("b") +
		", added: 2026-11-20T00:00:00Z}\ndelegations:\n- {from: a, to: b, mids: ['123456'], start: 2026-11-20T00:00:00Z, until: 2026-11-21T00:00:00Z, added: 2026-11-20T00:00:00Z}\n"))
	f.Add([]byte("version: 1\nanalysts:\n- {name: jane, password_sha256_hex: " + digest("a") + "}\nofficers: [{name: o, token_sha256: " + digest("o") + "}]\n"))
	f.Add([]byte("devices: &a [*a]"))
	f.Fuzz(func(t *testing.T, content []byte) {
		book, err := parse(content)
		if err != nil {
			return
		}
		written, err := yaml.Marshal(book)
		require.NoError(t, err)
		again, err := parse(written)
		require.NoError(t, err, "%s", written)
		rewritten, err := yaml.Marshal(again)
		require.NoError(t, err)
		require.Equal(t, string(written), string(rewritten))
	})
}
