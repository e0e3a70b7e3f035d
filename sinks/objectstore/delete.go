package objectstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/minio/minio-go/v7"
)

// DeletePrefix destroys everything below a prefix, which must end with a slash:
// objects, their versions if there are any, and unfinished uploads. It returns
// without an error only when the store lists nothing of it any more; where
// nothing was there it does nothing.
//
// MinIO is asked for all at once (x-minio-force-delete), which frees the disk
// without waiting for its trash. It answers so even where a part of it failed, and
// another store knows no such request: what is still listed is then deleted in
// batches of a thousand.
func (s *Store) DeletePrefix(ctx context.Context, prefix string) error {
	if !strings.HasSuffix(prefix, "/") || len(prefix) < 2 || prefix[0] == '/' {
		return fmt.Errorf("objects: delete the prefix %q: expected one that ends with a slash, such as CLASS/SLOT/", prefix)
	}
	if err := s.deletePrefix(ctx, prefix); err != nil {
		return fmt.Errorf("objects: delete the prefix %s: %w", prefix, withRemedy(err))
	}
	return nil
}

func (s *Store) deletePrefix(ctx context.Context, prefix string) error {
	if err := s.abortUploads(ctx, prefix); err != nil {
		return err
	}
	err := s.client.RemoveObject(ctx, s.cfg.Bucket, prefix, minio.RemoveObjectOptions{ForceDelete: true})
	if err != nil && !notSupported(err) {
		return err
	}
	if err := s.deleteListed(ctx, prefix); err != nil {
		return err
	}
	return s.nothingLeft(ctx, prefix)
}

// deleteListed deletes what is listed, version by version.
func (s *Store) deleteListed(ctx context.Context, prefix string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var failed error
	listed := make(chan minio.ObjectInfo)
	go func() {
		defer close(listed)
		for info := range s.versions(ctx, s.cfg.Bucket, prefix) {
			if info.Err != nil {
				failed = info.Err
				return
			}
			select {
			case listed <- info:
			case <-ctx.Done():
				return
			}
		}
	}()
	for result := range s.client.RemoveObjectsWithResult(ctx, s.cfg.Bucket, listed, minio.RemoveObjectsOptions{}) {
		if result.Err != nil {
			return result.Err
		}
	}
	return failed
}

// nothingLeft makes sure that the store lists nothing below the prefix.
func (s *Store) nothingLeft(ctx context.Context, prefix string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for info := range s.versions(ctx, s.cfg.Bucket, prefix) {
		if info.Err != nil {
			return info.Err
		}
		return fmt.Errorf("%w: %s", ErrLeft, info.Key)
	}
	return ctx.Err()
}
