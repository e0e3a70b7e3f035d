package objectstore

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
)

// Upload is an upload in parts that was begun and not ended. mailtrail makes none.
type Upload struct {
	Key, ID string
	// Begun is when it was begun.
	Begun time.Time
}

// uploadsPage is how many uploads are asked for at once.
const uploadsPage = 1000

// uploads lists the unfinished uploads of a bucket.
//
// MinIO lists of a prefix only what has exactly that key, and of the whole
// bucket only what was begun since the server was started
// (cmd/erasure-server-pool.go, ListMultipartUploads). So the whole bucket is
// asked for; what the server forgot can be read and ended by nobody, and goes
// with its own expiry (api stale_uploads_expiry). That expiry in turn leaves
// uploads in the listing, for hours, that are not there any more: each is asked
// for its parts, and those of which the store does not know are left out.
func (c *connection) uploads(ctx context.Context, bucket string) iter.Seq2[Upload, error] {
	return func(yield func(Upload, error) bool) {
		key, id := "", ""
		for {
			page, err := c.client.ListMultipartUploads(ctx, bucket, "", key, id, "", uploadsPage)
			if err != nil {
				yield(Upload{}, fmt.Errorf("list unfinished uploads: %w", err))
				return
			}
			for _, u := range page.Uploads {
				_, err := c.client.ListObjectParts(ctx, bucket, u.Key, u.UploadID, 0, 1)
				if code(err) == minio.NoSuchUpload {
					continue
				}
				if err != nil {
					yield(Upload{}, fmt.Errorf("look at the unfinished upload of %s: %w", u.Key, err))
					return
				}
				if !yield(Upload{Key: u.Key, ID: u.UploadID, Begun: u.Initiated}, nil) {
					return
				}
			}
			if !page.IsTruncated {
				return
			}
			key, id = page.NextKeyMarker, page.NextUploadIDMarker
		}
	}
}

// abortUploads ends the unfinished uploads below the prefix.
func (s *Store) abortUploads(ctx context.Context, prefix string) error {
	for upload, err := range s.uploads(ctx, s.cfg.Bucket) {
		if err != nil {
			return err
		}
		if !strings.HasPrefix(upload.Key, prefix) {
			continue
		}
		err := s.client.AbortMultipartUpload(ctx, s.cfg.Bucket, upload.Key, upload.ID)
		if err != nil && code(err) != minio.NoSuchUpload {
			return fmt.Errorf("abort the upload of %s: %w", upload.Key, err)
		}
	}
	return nil
}
