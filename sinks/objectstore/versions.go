package objectstore

import (
	"context"
	"iter"

	"github.com/minio/minio-go/v7"
)

// versions lists all versions of what lies below the prefix, deletion marks too.
func (s *Store) versions(ctx context.Context, prefix string) iter.Seq[minio.ObjectInfo] {
	return s.client.ListObjectsIter(ctx, s.cfg.Bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, WithVersions: true})
}
