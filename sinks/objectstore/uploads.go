package objectstore

import (
	"context"
	"fmt"
	"iter"
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

// Uploads lists the unfinished uploads of the bucket.
//
// MinIO lists of a prefix only what has exactly that key, and of the whole
// bucket only what was begun since it was started (cmd/erasure-server-pool.go,
// ListMultipartUploads). So the whole bucket is asked for; what it forgot is
// unreadable to everybody and goes with its own expiry of unfinished uploads.
func (s *Store) Uploads(ctx context.Context) iter.Seq2[Upload, error] {
	return func(yield func(Upload, error) bool) {
		key, id := "", ""
		for {
			page, err := s.client.ListMultipartUploads(ctx, s.cfg.Bucket, "", key, id, "", uploadsPage)
			if err != nil {
				yield(Upload{}, fmt.Errorf("objects: list unfinished uploads: %w", withRemedy(err)))
				return
			}
			for _, u := range page.Uploads {
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
	for upload, err := range s.Uploads(ctx) {
		if err != nil {
			return err
		}
		if len(upload.Key) < len(prefix) || upload.Key[:len(prefix)] != prefix {
			continue
		}
		err := s.client.AbortMultipartUpload(ctx, s.cfg.Bucket, upload.Key, upload.ID)
		if err != nil && code(err) != minio.NoSuchUpload {
			return fmt.Errorf("abort the upload of %s: %w", upload.Key, err)
		}
	}
	return nil
}
