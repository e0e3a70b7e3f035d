package keys

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/ledger"
	"mailtrail/schemas/retention"
)

// A ledger serves an authority as it is.
var _ Ledger = (*ledger.Log)(nil)

func TestTheLifeOfAKey(t *testing.T) {
	b := newBench(t)
	_, err := b.key(0, ToOpen)
	require.ErrorIs(t, err, ErrUnknown, "asking to open makes nothing")
	first, err := b.key(0, ToSeal)
	require.NoError(t, err)
	again, err := b.key(0, ToSeal)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, first, b.ledger.records[ID{testClass, slotAt(0)}].commitment)
	_, err = b.key(1, ToSeal)
	require.ErrorIs(t, err, ErrNotBegun)

	b.clock.set(slotAt(2))
	require.Equal(t, slotAt(2), b.authority.Next())
	_, err = b.key(0, ToSeal)
	require.ErrorIs(t, err, ErrSealed, "at once, before any sweep")
	require.Len(t, b.sweep(t).Sealed, 1)
	require.True(t, b.ledger.records[ID{testClass, slotAt(0)}].sealed)
	opened, err := b.key(0, ToOpen)
	require.NoError(t, err)
	require.Equal(t, first, opened)
	_, err = b.key(-1, ToSeal)
	require.ErrorIs(t, err, ErrSealed, "a slot that had no key and takes nothing more")

	b.clock.set(slotAt(6))
	require.Equal(t, slotAt(6), b.authority.Next())
	for _, use := range []Use{ToSeal, ToOpen} {
		_, err = b.key(0, use)
		require.ErrorIs(t, err, ErrDestroyed, "at once, before any sweep")
	}
	require.Len(t, b.sweep(t).Destroyed, 1)
	require.Equal(t, ByAuthority, b.ledger.destroyed[ID{testClass, slotAt(0)}])
	files, err := os.ReadDir(b.keysDir())
	require.NoError(t, err)
	require.Empty(t, files)
	require.Empty(t, b.sweep(t).Destroyed)
	require.Zero(t, b.authority.Next())

	// The clock goes back: what is over stays over, also in the next process.
	b.clock.set(slotAt(0))
	_, err = b.key(0, ToSeal)
	require.ErrorIs(t, err, ErrDestroyed)
	b.start(t)
	_, err = b.key(0, ToSeal)
	require.ErrorIs(t, err, ErrDestroyed)
}

func TestDestroyedBeforeItsTime(t *testing.T) {
	b := newBench(t)
	_, err := b.key(0, ToSeal)
	require.NoError(t, err)
	for range 2 { // it can be said again
		require.NoError(t, b.authority.Destroy(context.Background(), testClass, slotAt(0), "operator"))
		_, err = b.key(0, ToSeal)
		require.ErrorIs(t, err, ErrDestroyed)
		b.start(t)
	}
	require.Equal(t, "operator", b.ledger.destroyed[ID{testClass, slotAt(0)}])

	require.NoError(t, b.authority.Destroy(context.Background(), testClass, slotAt(3), "operator"), "one that never had a key")
	b.clock.set(slotAt(3))
	_, err = b.key(3, ToSeal)
	require.ErrorIs(t, err, ErrDestroyed)
	require.Error(t, b.authority.Destroy(context.Background(), testClass, slotAt(3), "a man"))
	require.ErrorIs(t, b.authority.Destroy(context.Background(), testClass, slotAt(3).Add(1), "operator"), ErrNoSlot)
}

func TestAFolderPutBackFromACopy(t *testing.T) {
	for name, test := range map[string]struct {
		parts []string // of the copy that are put back
		early bool     // destroyed before its time
	}{
		"keys":                         {[]string{"keys"}, false},
		"keys, destroyed early":        {[]string{"keys"}, true},
		"keys and tombstones":          {[]string{"keys", "tombstones"}, false},
		"keys and tombstones, early":   {[]string{"keys", "tombstones"}, true},
		"keys, and no tombstones left": {[]string{"keys", "-"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			_, err := b.key(0, ToSeal)
			require.NoError(t, err)
			b.start(t)
			copied := t.TempDir()
			require.NoError(t, os.CopyFS(copied, os.DirFS(b.dir)))
			if test.early {
				require.NoError(t, b.authority.Destroy(context.Background(), testClass, slotAt(0), "operator"))
			} else {
				b.clock.set(slotAt(6))
				b.sweep(t)
			}
			require.NoError(t, b.authority.Close())
			for _, part := range test.parts {
				require.NoError(t, os.RemoveAll(filepath.Join(b.dir, part)))
				if part == "-" {
					require.NoError(t, os.Remove(b.tombstones()))
				}
			}
			for _, part := range test.parts {
				from := filepath.Join(copied, part)
				if info, err := os.Stat(from); err == nil && info.IsDir() {
					require.NoError(t, os.CopyFS(filepath.Join(b.dir, part), os.DirFS(from)))
				} else if err == nil {
					content, err := os.ReadFile(from)
					require.NoError(t, err)
					require.NoError(t, os.WriteFile(filepath.Join(b.dir, part), content, 0o600))
				}
			}
			b.clock.set(slotAt(1)) // and the clock is wrong besides
			b.start(t)
			require.Equal(t, []ID{{testClass, slotAt(0)}}, b.report.Returned)
			require.Equal(t, b.report.Returned, b.ledger.returned)
			files, err := os.ReadDir(b.keysDir())
			require.NoError(t, err)
			require.Empty(t, files)
			for _, use := range []Use{ToSeal, ToOpen} {
				_, err = b.key(0, use)
				require.ErrorIs(t, err, ErrDestroyed)
			}
			b.start(t)
			require.Empty(t, b.report.Returned, "told once")
		})
	}
}

func TestALostKeyIsNotMadeAnew(t *testing.T) {
	b := newBench(t)
	first, err := b.key(0, ToSeal)
	require.NoError(t, err)
	path := filepath.Join(b.keysDir(), ID{testClass, slotAt(0)}.fileName())
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	for range 2 {
		for _, use := range []Use{ToSeal, ToOpen} {
			_, err = b.key(0, use)
			require.ErrorIs(t, err, ErrLost)
		}
		b.start(t)
	}
	// Put back in time, it serves again.
	require.NoError(t, os.WriteFile(path, content, 0o600))
	b.start(t)
	again, err := b.key(0, ToOpen)
	require.NoError(t, err)
	require.Equal(t, first, again)

	require.NoError(t, os.Remove(path))
	b.start(t)
	b.clock.set(slotAt(6))
	require.NoError(t, b.authority.Destroy(context.Background(), testClass, slotAt(0), ByAuthority))
	require.Equal(t, ByLoss, b.ledger.destroyed[ID{testClass, slotAt(0)}], "a loss is not called a destruction")
}

func TestStrangeKeysAreNotServed(t *testing.T) {
	b := newBench(t)
	_, err := b.key(0, ToSeal)
	require.NoError(t, err)
	id := ID{testClass, slotAt(0)}
	path := filepath.Join(b.keysDir(), id.fileName())
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, content := range map[string][]byte{
		"another key": encodeKeyFile(Record{id, slotAt(0), slotAt(6)}, newSecret()),
		"damaged":     append(good[:len(good)-1:len(good)-1], 'x'),
		"empty":       {},
		"zeros":       make([]byte, len(good)),
		"of another":  encodeKeyFile(Record{ID{testClass, slotAt(1)}, slotAt(0), slotAt(6)}, newSecret()),
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, content, 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(b.keysDir(), "copy of it.bak"), good, 0o600))
			b.clock.set(slotAt(0))
			b.start(t)
			require.Contains(t, b.report.Strange, id)
			require.Equal(t, []string{"copy of it.bak"}, b.report.Strangers)
			_, err := b.key(0, ToOpen)
			require.ErrorIs(t, err, ErrUnavailable)
		})
	}
	b.clock.set(slotAt(6))
	require.Equal(t, []ID{id}, b.sweep(t).Destroyed, "it goes when it is due all the same")
	require.NoFileExists(t, path)
}

func TestNothingIsServedThatTheLedgerDoesNotKnow(t *testing.T) {
	b := newBench(t)
	b.ledger.fail = errors.New("the disk is full")
	_, err := b.key(0, ToSeal)
	require.ErrorIs(t, err, ErrUnavailable)
	b.ledger.fail = nil
	first, err := b.key(0, ToSeal)
	require.NoError(t, err)
	require.Equal(t, first, b.ledger.records[ID{testClass, slotAt(0)}].commitment)

	// A destruction goes on where the ledger cannot be written, and is entered later.
	b.clock.set(slotAt(6))
	b.ledger.fail = errors.New("the disk is full")
	_, err = b.authority.Sweep(context.Background())
	require.ErrorIs(t, err, b.ledger.fail)
	files, err := os.ReadDir(b.keysDir())
	require.NoError(t, err)
	require.Empty(t, files)
	b.ledger.fail = nil
	require.Len(t, b.sweep(t).Destroyed, 1)
	require.Equal(t, ByAuthority, b.ledger.destroyed[ID{testClass, slotAt(0)}])
}

func TestOneAuthority(t *testing.T) {
	b := newBench(t)
	store, err := OpenFileStore(b.keysDir(), nil)
	require.NoError(t, err)
	other, err := New(b.authority.config, Deps{Metrics: prometheus.NewRegistry(), Clock: b.clock.Now, Store: store, Ledger: b.ledger, Calendar: testCalendar})
	require.NoError(t, err)
	_, err = other.Start(context.Background())
	require.ErrorIs(t, err, ErrBusy)
	_, err = other.Key(context.Background(), testClass, slotAt(0), ToSeal)
	require.ErrorIs(t, err, ErrUnavailable)
	_, err = New(Config{Tombstones: filepath.Join(b.keysDir(), "tombstones")}, Deps{Metrics: prometheus.NewRegistry(), Store: store})
	require.ErrorContains(t, err, "lie in the folder of the keys")
	require.NoError(t, os.WriteFile(b.tombstones(), []byte("mailtrail tombstones 1\n"), 0o600))
	require.NoError(t, b.authority.Close())
	_, err = other.Start(context.Background())
	require.ErrorIs(t, err, errTombstones)
	require.ErrorContains(t, err, "move it away")
}

func TestTheScheduleIsACalendar(t *testing.T) {
	schedule := retention.Builtin()
	calendar := FromSchedule(schedule)
	start := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	slot, err := calendar(retention.MailTracking, start)
	require.NoError(t, err)
	row := schedule.Row(retention.MailTracking)
	require.Equal(t, row.DestroyAt(start.Unix()), slot.DestroyAt.Unix())
	require.Equal(t, start.Add(time.Duration(row.Slot+row.Behind)), slot.SealAt)
	slot, err = calendar(retention.Rejects, start)
	require.NoError(t, err)
	require.Equal(t, slot.DestroyAt, slot.SealAt, "dead letters may come as late as they like")
	require.Equal(t, slot.DestroyAt, NextDue(schedule)(slot.DestroyAt.Add(-1)))
	require.Equal(t, slot.DestroyAt.Add(time.Hour), NextDue(schedule)(slot.DestroyAt), "an hour of images")
	for _, wrong := range []time.Time{start.Add(time.Hour), start.Add(1)} {
		_, err = calendar(retention.MailTracking, wrong)
		require.ErrorIs(t, err, ErrNoSlot)
	}
	_, err = calendar("nothing", start)
	require.ErrorIs(t, err, ErrNoSlot)
}

func TestALedgerPutBackFromACopyBringsNothingBack(t *testing.T) {
	for name, early := range map[string]bool{"in time": false, "early": true} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			_, err := b.key(0, ToSeal)
			require.NoError(t, err)
			if early {
				require.NoError(t, b.authority.Destroy(context.Background(), testClass, slotAt(0), "operator"))
			} else {
				b.clock.set(slotAt(6))
				b.sweep(t)
			}
			b.ledger = newFakeLedger()
			b.clock.set(slotAt(0))
			b.start(t)
			_, err = b.key(0, ToSeal)
			require.ErrorIs(t, err, ErrDestroyed, "the tombstones know it")
		})
	}
}

func TestMarksPassNoKeyThatIsLeft(t *testing.T) {
	graves := newTombstones("")
	early, late := ID{testClass, slotAt(0)}, ID{testClass, slotAt(1)}
	graves.dead[late] = true
	due := func(ID) bool { return true }
	graves.compact(due, func(class string, upTo time.Time) bool { return class == testClass && !slotAt(0).After(upTo) })
	require.True(t, graves.covers(late))
	require.False(t, graves.covers(early), "it is not destroyed yet")
	graves.compact(due, func(string, time.Time) bool { return false })
	require.Empty(t, graves.dead)
	require.True(t, graves.covers(late) && graves.covers(early))
	require.False(t, graves.covers(ID{testClass, slotAt(2)}) || graves.covers(ID{"another", slotAt(0)}))
}
