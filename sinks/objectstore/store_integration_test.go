package objectstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"mailtrail/schemas/retention"
)

var hour = time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC).Unix()

func imageKey(name string) string { return Key(retention.MailpieceImages, hour, name) }

func random(n int) []byte {
	body := make([]byte, n)
	_, _ = rand.Read(body)
	return body
}

func keys(t *testing.T, s *Store, prefix string) (found []string) {
	t.Helper()
	for object, err := range s.List(t.Context(), prefix) {
		require.NoError(t, err)
		found = append(found, object.Key)
	}
	return found
}

func TestWhatIsPutIsReadInRanges(t *testing.T) {
	s := fresh(t)
	for _, size := range []int{1, 100, 128 << 10, 9 << 20} {
		body, key := random(size), imageKey(fmt.Sprint(size))
		require.NoError(t, s.Put(t.Context(), key, body))
		for _, r := range [][2]int{{0, size}, {0, 1}, {size - 1, 1}, {size / 3, (size + 2) / 3}} {
			got, err := s.Get(t.Context(), key, int64(r[0]), int64(r[1]))
			require.NoError(t, err)
			require.True(t, bytes.Equal(body[r[0]:r[0]+r[1]], got), "%d from %d of %d", r[1], r[0], size)
		}
		for _, r := range [][2]int{{size, 1}, {size + 5, 1}, {0, size + 1}, {size - 1, 2}} {
			_, err := s.Get(t.Context(), key, int64(r[0]), int64(r[1]))
			require.ErrorIs(t, err, ErrShort)
			require.False(t, Transient(err))
		}
	}
	_, err := s.Get(t.Context(), imageKey("none"), 0, 1)
	require.ErrorIs(t, err, ErrNotFound)
	require.False(t, Transient(err))
	for _, r := range [][2]int64{{-1, 1}, {0, 0}, {0, -1}} {
		_, err := s.Get(t.Context(), imageKey("1"), r[0], r[1])
		require.ErrorContains(t, err, "expected 0 or more and 1 or more")
	}
}

func TestPutIsOnceAndNeverChanges(t *testing.T) {
	s := fresh(t)
	body := random(1 << 20)
	for range 3 {
		require.NoError(t, s.Put(t.Context(), imageKey("pack"), body))
	}
	for name, other := range map[string][]byte{"other": random(1 << 20), "shorter": body[:1<<19], "longer": append(bytes.Clone(body), 1), "empty": nil} {
		err := s.Put(t.Context(), imageKey("pack"), other)
		require.ErrorIs(t, err, ErrConflict, name)
		require.False(t, Transient(err))
	}
	got, err := s.Get(t.Context(), imageKey("pack"), 0, int64(len(body)))
	require.NoError(t, err)
	require.True(t, bytes.Equal(body, got))

	require.NoError(t, s.Put(t.Context(), imageKey("empty"), nil))
	require.NoError(t, s.Put(t.Context(), imageKey("empty"), nil))
	require.Equal(t, []string{imageKey("empty"), imageKey("pack")}, keys(t, s, ""))
}

func TestListGoesThroughPagesAndEndsWithItsContext(t *testing.T) {
	s := fresh(t)
	const many = 1100 // more than a page
	var all errgroup.Group
	all.SetLimit(16)
	for i := range many {
		all.Go(func() error { return s.Put(t.Context(), imageKey(fmt.Sprintf("%04d", i)), []byte("x")) })
	}
	require.NoError(t, all.Wait())
	require.NoError(t, s.Put(t.Context(), Key(retention.MailpieceImages, hour+3600, "later"), []byte("x")))
	found := keys(t, s, Prefix(retention.MailpieceImages, hour))
	require.Len(t, found, many)
	require.IsIncreasing(t, found)
	for range s.List(t.Context(), "") {
		break // an early end is fine
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	var err error
	for _, err = range s.List(ended, "") {
	}
	require.ErrorIs(t, err, context.Canceled, "a listing that was cut short must not look like an empty store")
	require.NoError(t, s.DeletePrefix(t.Context(), Prefix(retention.MailpieceImages, hour)))
	require.Equal(t, []string{Key(retention.MailpieceImages, hour+3600, "later")}, keys(t, s, ""))
}

func TestDeletePrefixTakesNothingElse(t *testing.T) {
	s := fresh(t)
	other := []string{"mailpiece_images/20261125T140000Z9/x", "mailpiece_images/20261125T13/x", Key("other_class", hour, "x")}
	for _, key := range append(other, imageKey("a"), imageKey("b/c")) {
		require.NoError(t, s.Put(t.Context(), key, []byte("x")))
	}
	upload, err := s.client.NewMultipartUpload(t.Context(), s.cfg.Bucket, imageKey("unfinished"), minio.PutObjectOptions{})
	require.NoError(t, err)
	_, err = s.client.NewMultipartUpload(t.Context(), s.cfg.Bucket, other[0], minio.PutObjectOptions{})
	require.NoError(t, err)

	held, err := s.HeldSlots(t.Context(), func(string, int64) bool { return true })
	require.NoError(t, err)
	require.ElementsMatch(t, []HeldSlot{
		{Class: "mailpiece_images", Strange: "mailpiece_images/20261125T13/"},
		{Class: "mailpiece_images", Slot: hour, Objects: 3, Bytes: 2},
		{Class: "mailpiece_images", Strange: "mailpiece_images/20261125T140000Z9/"},
		{Strange: "other_class/20261125T140000Z/"},
	}, held)

	for range 2 { // again does nothing
		require.NoError(t, s.DeletePrefix(t.Context(), Prefix(retention.MailpieceImages, hour)))
	}
	require.ElementsMatch(t, other, keys(t, s, ""))
	_, err = s.client.ListObjectParts(t.Context(), s.cfg.Bucket, imageKey("unfinished"), upload, 0, 10)
	require.ErrorContains(t, err, "upload")
	for upload, err := range s.uploads(t.Context(), s.cfg.Bucket) {
		require.NoError(t, err)
		require.Equal(t, other[0], upload.Key)
	}
	for _, wrong := range []string{"", "/", "mailpiece_images", "mailpiece_images/2026", "/mailpiece_images/"} {
		require.ErrorContains(t, s.DeletePrefix(t.Context(), wrong), "expected one that ends with a slash", wrong)
	}
}
