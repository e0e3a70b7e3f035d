package objectstore

import (
	"context"
	"iter"

	"github.com/minio/minio-go/v7"
)

// versions lists all versions of what lies below the prefix, deletion marks
// too; of a bucket that keeps none, the objects.
func (c *connection) versions(ctx context.Context, bucket, prefix string) iter.Seq[minio.ObjectInfo] {
	return c.client.ListObjectsIter(ctx, bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, WithVersions: true})
}
