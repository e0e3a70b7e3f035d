package objectstore

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/minio/minio-go/v7"
)

// Object is one object as the store lists it.
type Object struct {
	Key string
	// Size is in bytes.
	Size int64
	// Stored is when the store took it in.
	Stored time.Time
}

// List lists the objects below a prefix that can be read, by key; "" lists all.
// It ends with the first error. (What MinIO's own expiry is due to remove cannot
// be read any more and still lies there: [Store.HeldSlots] and [Auditor.Versions] see it.)
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for info := range s.client.ListObjectsIter(ctx, s.cfg.Bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
			if info.Err != nil {
				yield(Object{}, fmt.Errorf("objects: list %s: %w", prefix, withRemedy(info.Err)))
				return
			}
			if !yield(Object{Key: info.Key, Size: info.Size, Stored: info.LastModified}, nil) {
				return
			}
		}
		// minio-go ends a listing whose context is over without a word.
		if err := ctx.Err(); err != nil {
			yield(Object{}, fmt.Errorf("objects: list %s: %w", prefix, err))
		}
	}
}
