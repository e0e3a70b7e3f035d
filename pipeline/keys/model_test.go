package keys

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// model is what must be true of keys whatever happens to them.
type model struct {
	made map[int][32]byte
	gone map[int]bool
}

// TestKeysAgainstAModel makes, seals, destroys, restarts, moves the clock both ways and puts older copies back, in any order.
func TestKeysAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "keys")
		require.NoError(t, err)
		defer os.RemoveAll(dir)
		b := &bench{dir: filepath.Join(dir, "now"), clock: &fakeClock{now: hour0}, ledger: newFakeLedger()}
		b.start(t)
		defer func() { _ = b.authority.Close() }()
		m := &model{made: map[int][32]byte{}, gone: map[int]bool{}}
		copied := filepath.Join(dir, "copy")
		slots := rapid.IntRange(-2, 9)
		t.Repeat(map[string]func(*rapid.T){
			"seal": func(t *rapid.T) { m.ask(t, b, slots.Draw(t, "slot"), ToSeal) },
			"open": func(t *rapid.T) { m.ask(t, b, slots.Draw(t, "slot"), ToOpen) },
			"clock": func(t *rapid.T) {
				b.clock.set(b.clock.Now().Add(time.Duration(rapid.IntRange(-120, 180).Draw(t, "minutes")) * time.Minute))
			},
			"sweep": func(t *rapid.T) {
				b.sweep(t)
				m.clean(t, b)
			},
			"destroy": func(t *rapid.T) {
				n := slots.Draw(t, "slot")
				require.NoError(t, b.authority.Destroy(context.Background(), testClass, slotAt(n), "operator"))
				m.gone[n] = true
			},
			"restart": func(t *rapid.T) {
				b.start(t)
				m.clean(t, b)
			},
			"copy": func(t *rapid.T) {
				require.NoError(t, os.RemoveAll(copied))
				require.NoError(t, os.CopyFS(copied, os.DirFS(b.dir)))
			},
			"put back": func(t *rapid.T) {
				if _, err := os.Stat(copied); err != nil {
					t.Skip("there is no copy yet")
				}
				m.putBack(t, b, copied, rapid.Bool().Draw(t, "tombstones too"))
			},
		})
		for id, by := range b.ledger.destroyed {
			require.NotEqual(t, "another key", by, id)
		}
	})
}

func (m *model) ask(t *rapid.T, b *bench, n int, use Use) {
	commitment, err := b.key(n, use)
	now := b.clock.Now()
	if !now.Before(slotAt(n + 6)) {
		require.ErrorIs(t, err, ErrDestroyed)
	}
	if m.gone[n] {
		require.ErrorIs(t, err, ErrDestroyed, "what was destroyed stays so")
	}
	if err != nil {
		require.True(t, errors.Is(err, ErrDestroyed) || errors.Is(err, ErrSealed) || errors.Is(err, ErrNotBegun) || errors.Is(err, ErrUnknown) || errors.Is(err, ErrLost), err)
		return
	}
	if use == ToSeal {
		require.True(t, now.Before(slotAt(n+2)), "sealed slots take nothing")
	}
	if first, known := m.made[n]; known {
		require.Equal(t, first, commitment, "one key a slot, for ever")
	}
	m.made[n] = commitment
}

// clean looks at the folder after a sweep or a start: nothing overdue, nothing destroyed is there. What was swept is over.
func (m *model) clean(t *rapid.T, b *bench) {
	files, err := os.ReadDir(b.keysDir())
	require.NoError(t, err)
	for _, file := range files {
		id, isKey := idOfFile(file.Name())
		require.True(t, isKey, file.Name())
		n := int(id.Start.Sub(hour0) / hour)
		require.True(t, b.clock.Now().Before(slotAt(n+6)), "overdue: %s", file.Name())
		require.False(t, m.gone[n], "destroyed: %s", file.Name())
	}
	for n := range m.made {
		if _, _, destroyed := b.ledger.Key(testClass, slotAt(n)); destroyed {
			m.gone[n] = true
		}
	}
}

func (m *model) putBack(t *rapid.T, b *bench, copied string, tombstones bool) {
	require.NoError(t, b.authority.Close())
	require.NoError(t, os.RemoveAll(b.keysDir()))
	require.NoError(t, os.CopyFS(b.keysDir(), os.DirFS(filepath.Join(copied, "keys"))))
	if tombstones {
		require.NoError(t, os.RemoveAll(b.tombstones()))
		if content, err := os.ReadFile(filepath.Join(copied, "tombstones")); err == nil {
			require.NoError(t, os.WriteFile(b.tombstones(), content, 0o600))
		}
	}
	b.authority = nil
	b.start(t)
	m.clean(t, b)
}
