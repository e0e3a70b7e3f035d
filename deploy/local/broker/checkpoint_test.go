package broker

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A clean stop leaves kfake's own snapshot: ours, made from the segments alone, must say the same.
func TestCheckpointSaysWhatACleanStopSays(t *testing.T) {
	config := freeConfig(t)
	config.SegmentBytes = 300
	stop := up(t, config)
	makeTopic(t, config)
	for range 5 {
		require.NoError(t, produce(context.Background(), config, make([]byte, 100), make([]byte, 100)))
	}
	stop()
	folder := filepath.Join(config.Dir, "partitions", topic+"-0")
	read := func() (s snapshot) {
		raw, err := os.ReadFile(filepath.Join(folder, "snapshot.json"))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, &s))
		return s
	}
	theirs := read()
	require.Greater(t, len(theirs.Segments), 1)
	last := segmentPath(folder, theirs.Segments[len(theirs.Segments)-1].BaseOffset)
	whole, err := os.ReadFile(last)
	require.NoError(t, err)

	for _, torn := range [][]byte{nil, whole[:70], make([]byte, 100), append(append([]byte(nil), whole[:len(whole)-1]...), whole[len(whole)-1]^1)} {
		require.NoError(t, os.WriteFile(last, append(append([]byte(nil), whole...), torn...), 0o644))
		require.NoError(t, os.WriteFile(filepath.Join(folder, "snapshot.json"), []byte("{"), 0o644))
		require.NoError(t, checkpoint(config.Dir))
		ours := read()
		ours.CreatedAt = theirs.CreatedAt // kfake's clock, ours is that of the first record
		require.Equal(t, theirs, ours)
		after, err := os.ReadFile(last)
		require.NoError(t, err)
		require.Equal(t, whole, after, "what was no batch is cut off")
	}
	up(t, config)
	require.NoError(t, produce(context.Background(), config, []byte("x")))
	_, end := offsets(t, config)
	require.EqualValues(t, 11, end)
}

func FuzzCheckpointPartition(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 200))
	f.Fuzz(func(t *testing.T, segment []byte) {
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(segmentPath(folder, 0), segment, 0o644))
		require.NoError(t, checkpointPartition(folder))
		after, err := os.ReadFile(segmentPath(folder, 0))
		require.NoError(t, err)
		require.Equal(t, segment[:len(after)], after)
	})
}
