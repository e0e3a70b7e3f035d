package expiry

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A mark is found wherever it stands: over the edge of two pieces, behind a hole, twice in a file; one that is cut off is not.
func TestMarksAreFound(t *testing.T) {
	folder, f := t.TempDir(), newFlock()
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "topic-0"), 0o755))
	file, err := os.Create(filepath.Join(folder, "topic-0", "a.log"))
	require.NoError(t, err)
	const piece = 4096
	text := bytes.Repeat([]byte{'x'}, 3*piece)
	copy(text[piece-5:], f.mark(1))
	copy(text[2*piece:], f.mark(2))
	copy(text[len(text)-10:], f.mark(3))
	_, err = file.Write(text)
	require.NoError(t, err)
	_, err = file.WriteAt([]byte(f.mark(4)), 1<<20)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.NoError(t, os.WriteFile(filepath.Join(folder, "b"), []byte(f.mark(5)), 0o600))

	s := &searcher{folder: folder, prefix: []byte(f.prefix), folders: map[string]disk{filepath.Join(folder, "topic-"): scansDisk}, pids: []int{os.Getpid()}, buffer: make([]byte, piece)}
	open, err := os.Create(filepath.Join(folder, "removed"))
	require.NoError(t, err)
	defer open.Close()
	_, err = open.WriteString(f.mark(6))
	require.NoError(t, err)
	require.NoError(t, os.Remove(open.Name()))

	found, err := s.search()
	require.NoError(t, err)
	var numbers []int
	for n := range found.found[scansDisk] {
		numbers = append(numbers, n)
	}
	require.ElementsMatch(t, []int{1, 2, 4}, numbers)
	require.NotEmpty(t, found.found[elsewhere][5])
	require.NotEmpty(t, found.found[elsewhere][6], "a file that was removed and is still open")
	require.Len(t, found.found[elsewhere], 2)
	require.Less(t, found.bytes, int64(1<<20), "holes are passed over")
}
