package objectstore

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/minio/minio-go/v7"
)

// Put stores an object and returns once the store has all of it. What can heal
// ([Transient]) is tried again with growing pauses until ctx ends; then the
// last error is returned, and the object is there whole or not at all.
//
// Put may be called again with the same key and bytes, after an error, a crash or
// a success; it is then stored once. A key under which other bytes lie is
// [ErrConflict], and those stay.
//
// The bytes are not hashed on this side: TLS guards them on their way, and what
// mailtrail stores is sealed, so that an altered byte is found when it is read.
// body must not change until Put returns.
func (s *Store) Put(ctx context.Context, key string, body []byte) error {
	pauses := backoff.NewExponentialBackOff(backoff.WithInitialInterval(50*time.Millisecond), backoff.WithMaxInterval(5*time.Second), backoff.WithMaxElapsedTime(0))
	var last error
	err := backoff.RetryNotify(func() error {
		last = s.put(ctx, key, body)
		if last != nil && !Transient(last) {
			return backoff.Permanent(last)
		}
		return last
	}, backoff.WithContext(pauses, ctx), func(err error, wait time.Duration) {
		s.metrics.retries.WithLabelValues("put", reason(err)).Inc()
		s.deps.Log.Warn().Err(err).Str("key", key).Dur("again_in", wait).Msg("cannot store an object yet")
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && last != nil: // why it took so long says more than that it did
		return fmt.Errorf("objects: put %s: %w; gave up: %w", key, withRemedy(last), ctx.Err())
	}
	return fmt.Errorf("objects: put %s: %w", key, withRemedy(err))
}

// put stores it unless the key is taken, so that a repeat costs no second copy and never replaces anything.
func (s *Store) put(ctx context.Context, key string, body []byte) error {
	opts := minio.PutObjectOptions{DisableMultipart: true, DisableContentSha256: true, ContentType: "application/octet-stream"}
	opts.SetMatchETagExcept("*")
	_, err := s.client.Client.PutObject(ctx, s.cfg.Bucket, key, bytes.NewReader(body), int64(len(body)), opts)
	if code(err) == minio.PreconditionFailed {
		return s.same(ctx, key, body)
	}
	return err
}

// same makes sure that what lies under the key is the same.
func (s *Store) same(ctx context.Context, key string, body []byte) error {
	there, err := s.read(ctx, key, 0, int64(len(body))+1)
	if err != nil {
		return err
	}
	if !bytes.Equal(there, body) {
		return ErrConflict
	}
	return nil
}
