package clickhouse

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// imageBlock makes entries of images that were captured a second apart, the first at an offset and a time.
func imageBlock(first int64, images int, at time.Time) *event.ImageColumns {
	row := retention.Builtin().Row(retention.MailpieceImages)
	c := &event.ImageColumns{Heads: event.Heads{Topic: event.ImagesTopic, Partition: 2}}
	for i := range images {
		captured := at.Add(time.Duration(i) * time.Second).Truncate(time.Millisecond).UTC()
		slot := row.SlotOf(captured.UnixMilli())
		e := event.ImageEntry{
			ID: event.NewImageID(captured.UnixMilli(), []byte(fmt.Sprint("hash", first, i, "              "))), Pack: event.PackName(slot, "pack"), Offset: int64(100 * i), Length: 100,
			Hash: event.SHA256{byte(i)}, Captured: captured, Shift: -300, MachineID: "DBCS-0421", Side: "front", Object: "imb", Code: "0027090012345600001210118112501",
			PieceKey: fmt.Sprintf("F-900123456-%06d", i%10), MID: "900123456", MediaType: "image/tiff", Width: 1200, Height: 500, Pages: 1, Bytes: 68,
		}
		c.Append(&event.Head{Class: retention.MailpieceImages, Slot: slot, Offset: first + int64(i), Received: captured.UnixMilli() + 1, Captured: captured.UnixMilli()},
			event.ImageRow{ImageEntry: e, Device: "d1"})
	}
	return c
}

func TestImagesAreStoredOnceAndFound(t *testing.T) {
	owner, s := fresh(t)
	began := time.Now().Add(-2 * time.Hour)
	c := imageBlock(0, 500, began)
	for range 2 {
		require.NoError(t, s.InsertImages(t.Context(), "token", c), "the same block again adds nothing")
	}
	require.EqualValues(t, 500, number(t, s, "SELECT count() FROM mailtrail_data.images"))

	third := c.Rows[3]
	got, err := s.Image(t.Context(), third.ID)
	require.NoError(t, err)
	require.Equal(t, &event.StoredImage{
		ImageRow: third, Class: retention.MailpieceImages, Slot: c.Slot[3], Received: time.UnixMilli(c.Received[3]).UTC(),
	}, got)
	none, err := s.Image(t.Context(), event.NewImageID(began.UnixMilli(), []byte("another")))
	require.NoError(t, err)
	require.Nil(t, none)

	known, err := s.KnownImages(t.Context(), []string{third.ID.String(), c.Rows[499].ID.String(), event.NewImageID(1, nil).String(), event.NewImageID(1<<48-1, nil).String(), "foreign"})
	require.NoError(t, err)
	require.Len(t, known, 2)
	require.Equal(t, []any{third.ID.String(), event.ImagesTopic, int32(2), int64(3), "0"}, []any{known[0].ID, known[0].Topic, known[0].Partition, known[0].Offset, known[0].Places})

	images, err := s.ImagesOfPiece(t.Context(), []string{"F-900123456-000003", "070-900123456-000003"})
	require.NoError(t, err)
	require.Len(t, images, 50)
	require.Equal(t, "F-900123456-000003", images[0].PieceKey)
	require.True(t, images[0].Captured.After(images[49].Captured), "the newest first")

	ends, err := s.PackEnds(t.Context(), c.Slot[499])
	require.NoError(t, err)
	require.Equal(t, int64(50_000), ends[len(ends)-1].End)

	var id, hash string
	require.NoError(t, owner.conn.QueryRow(t.Context(), "SELECT id, sha256 FROM mailtrail.images WHERE offset = 3").Scan(&id, &hash))
	require.Equal(t, []string{third.ID.String(), hex.EncodeToString(third.Hash[:])}, []string{id, hash})
}

// A piece is found without reading the whole slot: by the projection.
func TestImagesOfAPieceAreFoundByTheProjection(t *testing.T) {
	_, s := fresh(t)
	c := imageBlock(0, 100_000, time.Now().Add(-48*time.Hour))
	require.NoError(t, s.InsertImages(t.Context(), "token", c))
	rows, err := s.conn.Query(t.Context(), "EXPLAIN indexes = 1 SELECT * FROM mailtrail_data.images WHERE piece = 7")
	require.NoError(t, err)
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		plan.WriteString(line + "\n")
	}
	require.Contains(t, plan.String(), "by_piece")
}

// What is due is invisible, whatever the server still holds, and the audit's questions are asked of the right table.
func TestImagesPastTheirLimitAreInvisible(t *testing.T) {
	_, s := fresh(t)
	row := retention.Builtin().Row(retention.MailpieceImages)
	due := imageBlock(0, 1, time.Now().Add(-row.Longest()))
	live := imageBlock(10, 3, time.Now().Add(-3*time.Hour).Truncate(time.Hour))
	for token, c := range map[string]*event.ImageColumns{"due": due, "live": live} {
		require.NoError(t, s.InsertImages(t.Context(), token, c))
	}
	require.EqualValues(t, 3, number(t, s, "SELECT count() FROM mailtrail.images"))
	gone, err := s.Image(t.Context(), due.Rows[0].ID)
	require.NoError(t, err)
	require.Nil(t, gone)

	differences, err := s.BlockDifferences(t.Context(), event.ImagesTopic, 2, 1<<40)
	require.NoError(t, err)
	require.Equal(t, []BlockDifference{{First: 0, Class: retention.MailpieceImages, Slot: live.Slot[0], Rows: 3, Identities: 3}}, differences, "no receipt covers the rows that are live")
	places, err := s.Places(t.Context(), event.ImagesTopic+"#1", 2, 0, 100)
	require.NoError(t, err)
	require.Empty(t, places, "another topic of that name")
	places, err = s.Places(t.Context(), event.ImagesTopic, 2, 0, 100)
	require.NoError(t, err)
	require.Len(t, places, 3)

	require.NoError(t, s.DropSlot(t.Context(), retention.MailpieceImages, "images", due.Slot[0]))
	require.EqualValues(t, 3, number(t, s, "SELECT count() FROM mailtrail_data.images"))
	held, err := s.HeldSlots(t.Context())
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(held), "mailpiece_images")
}
