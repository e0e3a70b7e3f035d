package objectstore

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/minio/minio-go/v7"
)

// Get returns length bytes of an object, from offset on: one ranged read. An
// object that is not there is [ErrNotFound]; one that ends before offset+length
// is [ErrShort].
func (s *Store) Get(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	if offset < 0 || length <= 0 {
		return nil, fmt.Errorf("objects: get %s: offset %d and length %d, expected 0 or more and 1 or more", key, offset, length)
	}
	body, err := s.read(ctx, key, offset, length)
	if err == nil && int64(len(body)) < length {
		err = fmt.Errorf("%w: it has %d bytes from offset %d on, and %d were asked for", ErrShort, len(body), offset, length)
	}
	if err != nil {
		return nil, fmt.Errorf("objects: get %s: %w", key, withRemedy(err))
	}
	return body, nil
}

// read returns up to length bytes from offset on.
func (s *Store) read(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	var opts minio.GetObjectOptions
	if err := opts.SetRange(offset, offset+length-1); err != nil {
		return nil, err
	}
	object, info, _, err := s.client.GetObject(ctx, s.cfg.Bucket, key, opts)
	switch {
	case code(err) == minio.InvalidRange: // it ends before offset, or is empty
		return nil, nil
	case err != nil:
		return nil, err
	}
	defer object.Close()
	// The size is the store's word; what is asked for bounds what is set aside for it.
	body := bytes.NewBuffer(make([]byte, 0, min(length, max(info.Size, 0))))
	if _, err := io.Copy(body, io.LimitReader(object, length)); err != nil {
		return nil, err
	}
	return body.Bytes(), nil
}
