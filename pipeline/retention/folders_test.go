package retention

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/retention"
)

// shelves is a data folder with a store of its folders; old files are so by their last change, since nobody can set when
// a file was made.
func shelves(t *testing.T) (data string, store *Folders, put func(name string, age time.Duration) string) {
	t.Helper()
	data = t.TempDir()
	put = func(name string, age time.Duration) string {
		path := filepath.Join(data, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte("lines"), 0o600))
		then := time.Now().Add(-age)
		require.NoError(t, os.Chtimes(path, then, then))
		return path
	}
	return data, NewFolders(data, retention.Builtin()), put
}

// due are the slots of what is held that are due now.
func due(t *testing.T, store *Folders) (slots []Slot) {
	t.Helper()
	held, err := store.Held(t.Context())
	require.NoError(t, err)
	for _, h := range held {
		if row := retention.Builtin().Row(h.Class); h.Strange == "" && row.DestroyAt(h.From) <= time.Now().Unix() {
			slots = append(slots, Slot{h.Class, h.Place, h.From})
		}
	}
	return slots
}

func TestOldFilesGoAndNothingElse(t *testing.T) {
	data, store, put := shelves(t)
	const old = 80 * time.Hour
	gone := []string{put("logs/clickhouse.log.2", old), put("logs/deep/er/other.log", old), put("clickhouse/tmp/query", old)}
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.WriteFile(outside, []byte("mine"), 0o600))
	require.NoError(t, os.Chtimes(outside, time.Now().Add(-old), time.Now().Add(-old)))
	kept := []string{put("logs/clickhouse.log", time.Hour), put("ledger/entries", old), put("clickhouse/etc/users.xml", old), put("elsewhere/x", old), outside}
	for name, target := range map[string]string{"logs/file": outside, "logs/folder": filepath.Dir(outside), "logs/inside": kept[1], "logs/astray": "nowhere"} {
		require.NoError(t, os.Symlink(target, filepath.Join(data, name)))
		kept = append(kept, filepath.Join(data, name))
	}
	pipe, err := net.Listen("unix", filepath.Join(data, "logs", "socket"))
	require.NoError(t, err)
	defer pipe.Close()

	slots := due(t, store)
	require.Len(t, slots, 2)
	for _, slot := range slots {
		require.NoError(t, store.Drop(t.Context(), slot))
		require.NoError(t, store.Drop(t.Context(), slot), "it may be done again")
	}
	for _, path := range gone {
		require.NoFileExists(t, path)
	}
	for _, path := range kept {
		_, err := os.Lstat(path)
		require.NoError(t, err, path)
	}
	require.Empty(t, due(t, store))
	held, err := store.Held(t.Context())
	require.NoError(t, err)
	strange := map[string]uint64{}
	for _, h := range held {
		strange[h.Strange] += h.Rows
	}
	require.Equal(t, map[string]uint64{"": 1, symbolicLink: 4, specialFile: 1}, strange)
}

// A file that is written to all the time goes when its first line is due.
func TestAFileIsAsOldAsItsMaking(t *testing.T) {
	_, store, put := shelves(t)
	before := time.Now().Add(-time.Minute)
	path := put("logs/new.log", 0)
	require.NoError(t, os.Chtimes(path, time.Time{}, time.Now().Add(100*time.Hour)))
	held, err := store.Held(t.Context())
	require.NoError(t, err)
	require.Len(t, held, 1)
	row := retention.Builtin().Row("log_files")
	if birthKnown(t, path) {
		require.Contains(t, []int64{row.SlotOf(before.UnixMilli()), row.SlotOf(time.Now().UnixMilli())}, held[0].From, "not as its last change, in the future, says")
	}
}

func birthKnown(t *testing.T, path string) bool {
	t.Helper()
	root, err := os.OpenRoot(filepath.Dir(path))
	require.NoError(t, err)
	defer root.Close()
	known := !birth(root, filepath.Base(path)).IsZero()
	if !known {
		t.Log("this file system does not know when a file was made")
	}
	return known
}

// What a process holds open is emptied, and what has another name elsewhere keeps its content there.
func TestOpenFilesAreEmptied(t *testing.T) {
	data, store, put := shelves(t)
	open, err := os.Open(put("logs/held.log", 80*time.Hour))
	require.NoError(t, err)
	defer open.Close()
	twice := put("logs/twice.log", 80*time.Hour)
	require.NoError(t, os.Link(twice, filepath.Join(data, "other")))
	for _, slot := range due(t, store) {
		require.NoError(t, store.Drop(t.Context(), slot))
	}
	require.NoFileExists(t, twice)
	info, err := open.Stat()
	require.NoError(t, err)
	require.Zero(t, info.Size())
	text, err := os.ReadFile(filepath.Join(data, "other"))
	require.NoError(t, err)
	require.Equal(t, "lines", string(text), "a name outside of the folders is not ours")
}

func TestFoldersThatAreLinksAreNotEntered(t *testing.T) {
	data, store, put := shelves(t)
	put("store/tmp/a", 80*time.Hour)
	put("store/logs/b", 80*time.Hour)
	require.NoError(t, os.Symlink("store", filepath.Join(data, "clickhouse")))
	require.NoError(t, os.Symlink("store/logs", filepath.Join(data, "logs")))
	held, err := store.Held(t.Context())
	require.NoError(t, err)
	require.Len(t, held, 4, "logs, and three folders behind clickhouse")
	for _, h := range held {
		require.Equal(t, symbolicLink, h.Strange)
	}
	require.Error(t, store.Drop(t.Context(), Slot{Class: "log_files", Place: retention.Place{Store: retention.Files, Name: "store/logs"}}), "not in the schedule")
	empty, err := NewFolders(filepath.Join(data, "absent"), retention.Builtin()).Held(t.Context())
	require.NoError(t, err)
	require.Empty(t, empty)
}

// The sweeper destroys folders' slots as all others, and tells apart what their makers removed.
func TestSweepOfFolders(t *testing.T) {
	w := newWorld(t)
	_, store, put := shelves(t)
	w.wall = time.Now()
	put("logs/old.log", 80*time.Hour)
	tmp := put("clickhouse/tmp/query", time.Hour)
	w.emptied = func(p retention.Place) bool { return p.Store == retention.Files }
	w.folders = store
	swept := w.sweeper().Sweep(t.Context())
	require.NoError(t, swept.Err())
	require.Len(t, swept.Drops, 1)
	require.Equal(t, "logs", swept.Drops[0].Place.Name)
	require.EqualValues(t, 1, swept.Drops[0].Rows)
	require.NoError(t, os.Remove(tmp))
	w.pass(80 * time.Hour)
	w.sweeper().Sweep(t.Context())
	var by []string
	for slot, d := range w.book.entries {
		by = append(by, slot.Place.Name+" "+d.By)
	}
	require.ElementsMatch(t, []string{"logs sweeper", "clickhouse/tmp engine"}, by)
}
