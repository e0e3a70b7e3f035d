package clickhouse

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
)

// A message with another batch id than an image's, as anybody can write one, must not stop the look for those beside it.
func TestWhatIsNoImageIsNotLookedFor(t *testing.T) {
	early, late := event.NewImageID(1_000_000, []byte{1}).String(), event.NewImageID(2_000_000, []byte{2}).String()
	ids, first, last := imageIDs([]string{"foreign", late, "", early, early[1:]})
	require.Equal(t, []string{late, early}, ids)
	require.Equal(t, []int64{1_000_000, 2_000_000}, []int64{first, last})

	found, err := new(Store).KnownImages(t.Context(), []string{"foreign"}) // it has no connection to ask
	require.NoError(t, err)
	require.Empty(t, found)
}
