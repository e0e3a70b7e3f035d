package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// day0 is the first slot of the tests' class, which has slots of a day, a limit of three and a margin of two hours.
var day0 = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// testClock is a clock that stands until it is set.
type testClock struct{ now time.Time }

func (c *testClock) read() time.Time { return c.now }

func images() ClassRow {
	return ClassRow{
		Class: "mailpiece_images", Bound: "ceiling", Citation: "USPS 820.200, Retention and Disposal 6: up to 3 days", Limit: 3 * day, SlotLength: day,
		DestroyAfter: 3*day - 2*time.Hour, FirstSlot: day0, Stores: []string{"keys", "objects"},
	}
}

func open(t *testing.T, dir string, clock *testClock) *Log {
	t.Helper()
	l, err := Open(Config{Dir: dir}, Deps{Log: zerolog.Nop(), Clock: clock.read})
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func read(t *testing.T, dir string) *Reader {
	t.Helper()
	r, err := Read(dir, "")
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// hash64 is a hash in the text form of entries.
func hash64(n int) string { return fmt.Sprintf("%064x", n) }

func commitment(n byte) (c [32]byte) { c[0] = n + 1; return c }

// slotN is the start of the n-th slot.
func slotN(n int) time.Time { return day0.Add(time.Duration(n) * day) }

// live enters the whole life of n slots, and a verify after each, in a new ledger.
func live(t *testing.T, n int) (dir string, clock *testClock, l *Log) {
	t.Helper()
	dir, clock = t.TempDir(), &testClock{day0}
	l = open(t, dir, clock)
	row := images()
	_, err := l.Adopt(hash64(1), []ClassRow{row}, "operator")
	require.NoError(t, err)
	for i := range n {
		liveSlot(t, l, clock, i)
	}
	return dir, clock, l
}

func liveSlot(t *testing.T, l *Log, clock *testClock, i int) {
	t.Helper()
	slot, row := slotN(i), images()
	clock.now = later(clock.now, slot)
	require.NoError(t, l.KeyCreated(row.Class, slot, slot.Add(row.DestroyAfter), commitment(byte(i))))
	clock.now = later(clock.now, slot.Add(day))
	require.NoError(t, l.KeySealed(row.Class, slot, commitment(byte(i))))
	clock.now = later(clock.now, slot.Add(row.DestroyAfter+time.Second))
	require.NoError(t, l.KeyDestroyed(row.Class, slot, commitment(byte(i)), "authority"))
	_, err := l.Append(Entry{Kind: PrefixDeleted, Store: "objects", Object: "images/x", Class: row.Class, Slot: slot, By: "sweeper", Rows: new(int64(7))})
	require.NoError(t, err)
	clock.now = clock.now.Add(time.Second)
	_, err = l.Append(Entry{Kind: VerifyResult, By: "auditor", Inspected: new(int64(40)), Findings: new(int64(0)), Waived: new(int64(1))})
	require.NoError(t, err)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func copyFolder(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	require.NoError(t, os.CopyFS(to, os.DirFS(from)))
	return to
}

func TestAppendOnceAndStamped(t *testing.T) {
	dir, clock, l := live(t, 2)
	require.EqualValues(t, 2+2*5, l.Head().Size)
	at, err := l.Append(
		Entry{Kind: KeyDestroyed, Class: "mailpiece_images", Slot: slotN(0), By: "somebody else"},
		Entry{Kind: KeyDestroyed, Class: "mailpiece_images", Slot: slotN(2), By: "authority"},
		Entry{Kind: KeyDestroyed, Class: "mailpiece_images", Slot: slotN(2), By: "authority"},
	)
	require.NoError(t, err)
	require.Equal(t, []Appended{{4, true}, {12, false}, {12, true}}, at)

	written := l.LastTime()
	clock.now = clock.now.Add(-time.Hour)
	_, err = l.Append(Entry{Kind: ClockHeld, Step: -3600_000})
	require.NoError(t, err)
	r := read(t, dir)
	e, err := r.Entry(13)
	require.NoError(t, err)
	require.Equal(t, written, e.Time, "time does not run backwards")
	require.EqualValues(t, 3600_000, e.ClockBehind)

	c, created, destroyed := l.Key("mailpiece_images", slotN(1))
	require.Equal(t, commitment(1), c)
	require.True(t, created && destroyed)
	_, created, destroyed = l.Key("mailpiece_images", slotN(3))
	require.False(t, created || destroyed)
}

func TestEntriesOfTheWrongShape(t *testing.T) {
	_, _, l := live(t, 0)
	before := l.Head()
	for name, test := range map[string]struct {
		entry Entry
		says  string
	}{
		"no kind":          {Entry{}, "kind: unknown"},
		"missing field":    {Entry{Kind: KeySealed, Class: "c", Slot: day0}, "commitment: missing"},
		"strange field":    {Entry{Kind: ClockHeld, Step: 1, Class: "c"}, "class: not expected in an entry of kind clock_held"},
		"half a second":    {Entry{Kind: KeySealed, Class: "c", Slot: day0.Add(time.Millisecond), Commitment: hash64(1)}, "slot: expected a time in UTC, in whole units of 1s"},
		"short commitment": {Entry{Kind: KeySealed, Class: "c", Slot: day0, Commitment: "ab"}, "commitment: expected 64"},
		"control":          {Entry{Kind: ClockHeld, Step: 1, Detail: "a\x1b[2Jb"}, "detail: expected no control characters"},
		"not UTF-8":        {Entry{Kind: ClockHeld, Step: 1, Detail: "a\xff"}, "detail: expected UTF-8"},
		"negative":         {Entry{Kind: VerifyResult, Inspected: new(int64(-1)), Findings: new(int64(0)), Waived: new(int64(0))}, "inspected: expected 0 to 2^53-1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.Append(Entry{Kind: ClockHeld, Step: 1}, test.entry)
			require.ErrorIs(t, err, ErrEntry)
			require.ErrorContains(t, err, test.says)
			require.Equal(t, before, l.Head(), "all or none")
		})
	}
}

func TestOneWriterAndReadersBeside(t *testing.T) {
	dir, clock, l := live(t, 1)
	_, err := Open(Config{Dir: dir}, Deps{Clock: clock.read})
	require.ErrorIs(t, err, ErrBusy)

	r := read(t, dir)
	require.Equal(t, l.Head(), r.Head())
	liveSlot(t, l, clock, 1)
	require.NotEqual(t, l.Head(), r.Head())
	require.NoError(t, r.Refresh())
	require.Equal(t, l.Head(), r.Head())

	require.NoError(t, l.Close())
	again := open(t, dir, clock)
	require.Equal(t, r.Head(), again.Head())
	require.Zero(t, again.Mended())
}

func TestAlteredLogs(t *testing.T) {
	whole, clock, l := live(t, 1)
	vkey := l.PublicKey()
	require.NoError(t, l.Close())
	entries, err := os.ReadFile(filepath.Join(whole, entriesFile))
	require.NoError(t, err)

	// Every byte counts, and a writer does not go on over it either.
	dir := copyFolder(t, whole)
	for at := range entries {
		flipped := append([]byte(nil), entries...)
		flipped[at] ^= 1
		require.NoError(t, os.WriteFile(filepath.Join(dir, entriesFile), flipped, 0o600))
		_, err := VerifyFolder(dir, vkey, Options{})
		require.Error(t, err, "byte %d", at)
		if at%97 == 0 {
			_, err = Open(Config{Dir: dir}, Deps{Clock: clock.read})
			require.Error(t, err, "byte %d", at)
		}
	}
	cut := copyFolder(t, whole)
	require.NoError(t, os.Truncate(filepath.Join(cut, entriesFile), int64(len(entries))-1))
	_, err = VerifyFolder(cut, vkey, Options{})
	require.ErrorIs(t, err, ErrLost)
	_, err = Open(Config{Dir: cut}, Deps{Clock: clock.read})
	require.ErrorIs(t, err, ErrLost)

	_, err = VerifyFolder(whole, open(t, t.TempDir(), clock).PublicKey(), Options{})
	require.ErrorIs(t, err, ErrSignature)
	keyless := copyFolder(t, whole)
	require.NoError(t, os.Remove(filepath.Join(keyless, keyFile)))
	_, err = Open(Config{Dir: keyless}, Deps{Clock: clock.read})
	require.ErrorContains(t, err, "no signing key")
}

func TestGaps(t *testing.T) {
	dir, _, l := live(t, 3)
	gaps := func(due time.Time) (all []string) {
		for g := range l.Gaps(due) {
			all = append(all, fmt.Sprintf("%s %s %v", g.Slot.Format(time.DateOnly), g.Store, g.Acknowledged))
		}
		return all
	}
	require.Empty(t, gaps(slotN(3).Add(images().DestroyAfter)), "what is due at this moment is not late yet")
	require.Equal(t, []string{"2026-11-04 keys false", "2026-11-04 objects false"}, gaps(slotN(3).Add(images().DestroyAfter+1)))
	_, err := l.Append(Entry{Kind: GapAcknowledged, Class: "mailpiece_images", Slot: slotN(3), Store: "keys", By: "officer", Detail: "the site was closed"})
	require.NoError(t, err)
	require.Equal(t, []string{"2026-11-04 keys true", "2026-11-04 objects false"}, gaps(slotN(3).Add(images().DestroyAfter+1)))

	v, err := VerifyFolder(dir, l.PublicKey(), Options{})
	require.NoError(t, err)
	require.True(t, v.Holds(), v.Findings)
}

func TestScheduleCanShortenWhatHasBegun(t *testing.T) {
	dir, clock, l := live(t, 1)
	clock.now = slotN(4).Add(time.Hour)
	longer := images()
	longer.Limit, longer.DestroyAfter = 5*day, 5*day-2*time.Hour
	changed, err := l.Adopt(hash64(2), []ClassRow{longer}, "operator")
	require.NoError(t, err)
	require.True(t, changed)
	changed, err = l.Adopt(hash64(2), []ClassRow{longer}, "operator")
	require.NoError(t, err)
	require.False(t, changed, "the same schedule again")

	rows := classRows(read(t, dir).index.rows["mailpiece_images"])
	require.Equal(t, slotN(5), rows[1].FirstSlot, "the first that has not begun")
	require.Equal(t, 3*day, termOf(rows, slotN(4)).limit)
	require.Equal(t, 5*day, termOf(rows, slotN(5)).limit)

	shorter := images()
	shorter.Limit, shorter.DestroyAfter = 2*day, 2*day-2*time.Hour
	_, err = l.Adopt(hash64(3), []ClassRow{shorter}, "operator")
	require.NoError(t, err)
	rows = classRows(read(t, dir).index.rows["mailpiece_images"])
	require.Equal(t, 2*day, termOf(rows, slotN(4)).limit)

	// A newer program keeps the same schedule in one store more.
	shorter.Stores = append(shorter.Stores, KeyStore+"2")
	for _, wanted := range []bool{true, false} {
		changed, err = l.Adopt(hash64(3), []ClassRow{shorter}, "operator")
		require.NoError(t, err)
		require.Equal(t, wanted, changed)
	}
	rows = classRows(read(t, dir).index.rows["mailpiece_images"])
	require.Contains(t, rows[len(rows)-1].Stores, KeyStore+"2")
	require.EqualValues(t, 2, read(t, dir).Count(ScheduleChanged))
}

func TestManyAppendWhileOthersRead(t *testing.T) {
	dir, _, l := live(t, 1)
	r := read(t, dir)
	var group errgroup.Group
	for w := range 4 {
		group.Go(func() error {
			for i := range 20 {
				if err := l.KeyDestroyed("c", slotN(i), commitment(byte(i)), fmt.Sprint("writer ", w)); err != nil {
					return err
				}
			}
			return nil
		})
		group.Go(func() error {
			for range 20 {
				if err := r.Refresh(); err != nil {
					return err
				}
				if _, err := r.Prove("mailpiece_images", slotN(0)); err != nil {
					return err
				}
				for range r.Gaps(slotN(9)) {
					break
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	require.NoError(t, r.Refresh())
	require.EqualValues(t, 7+20, r.Head().Size)
}
