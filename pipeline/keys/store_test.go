package keys

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStores is what every store must keep.
func TestStores(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) Store{
		"files": func(t *testing.T) Store {
			s, err := OpenFileStore(filepath.Join(t.TempDir(), "keys"), nil)
			require.NoError(t, err)
			return s
		},
		"memory": func(*testing.T) Store { return NewMemoryStore() },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, s := context.Background(), open(t)
			one, two := Record{ID{"a", slotAt(0)}, slotAt(0), slotAt(6)}, Record{ID{"b_1", slotAt(1)}, slotAt(1), slotAt(7)}
			key := newSecret()
			require.NoError(t, s.Put(ctx, one, key))
			require.NoError(t, s.Put(ctx, two, newSecret()))
			require.Error(t, s.Put(ctx, one, newSecret()), "there is one")
			ids, strangers, err := s.List(ctx)
			require.NoError(t, err)
			require.Equal(t, []ID{one.ID, two.ID}, ids)
			require.Empty(t, strangers)
			record, got, err := s.Get(ctx, one.ID)
			require.NoError(t, err)
			require.Equal(t, one, record)
			require.Equal(t, key.Commitment(), got.Commitment())
			got.wipe()
			_, got, err = s.Get(ctx, one.ID)
			require.NoError(t, err)
			require.Equal(t, key.Commitment(), got.Commitment(), "what was handed out was a copy")
			for range 2 {
				require.NoError(t, s.Destroy(ctx, one.ID))
				_, _, err = s.Get(ctx, one.ID)
				require.ErrorIs(t, err, ErrUnknown)
			}
			ids, _, err = s.List(ctx)
			require.NoError(t, err)
			require.Equal(t, []ID{two.ID}, ids)
		})
	}
}

func TestAKeysFileIsOverwrittenBeforeItGoes(t *testing.T) {
	dir := t.TempDir()
	record := Record{ID{"a", slotAt(0)}, slotAt(0), slotAt(6)}
	path := filepath.Join(dir, record.ID.fileName())
	link := filepath.Join(t.TempDir(), "link") // keeps the file's content in sight
	s, err := OpenFileStore(dir, nil)
	require.NoError(t, err)
	require.NoError(t, s.Put(context.Background(), record, newSecret()))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, os.Link(path, link))
	require.NoError(t, s.Destroy(context.Background(), record.ID))
	content, err := os.ReadFile(link)
	require.NoError(t, err)
	require.Equal(t, make([]byte, info.Size()), content)
	require.NoFileExists(t, path)

	require.NoError(t, os.WriteFile(path+unfinished, []byte("half a key"), 0o600))
	_, err = OpenFileStore(dir, nil)
	require.NoError(t, err)
	require.NoFileExists(t, path+unfinished)
}
