package objectstore

import (
	"context"
	"fmt"

	"github.com/minio/minio-go/v7"
)

// drift is how the bucket differs from what it should be.
type drift struct {
	missing, policy, rules bool
	changes                []string
}

func (d *drift) add(bucket, format string, args ...any) {
	d.changes = append(d.changes, fmt.Sprintf("bucket %s: ", bucket)+fmt.Sprintf(format, args...))
}

// Drift says what Migrate would do, one change a line, and does none of it.
func (s *Store) Drift(ctx context.Context) ([]string, error) {
	d, err := s.drift(ctx)
	if err != nil {
		return nil, fmt.Errorf("objects: bucket %s: %w", s.cfg.Bucket, withRemedy(err))
	}
	return d.changes, nil
}

// Migrate makes the bucket, or brings it to what the schedule asks for, and says
// what it changed, one change a line: private, with one rule a class as a
// backstop, and nothing else. A bucket that keeps versions or locks objects is an
// error with the way out, since nothing in it can be destroyed on time.
func (s *Store) Migrate(ctx context.Context) ([]string, error) {
	d, err := s.drift(ctx)
	if err == nil {
		err = s.mend(ctx, d)
	}
	if err != nil {
		return nil, fmt.Errorf("objects: bucket %s: %w", s.cfg.Bucket, withRemedy(err))
	}
	return d.changes, nil
}

func (s *Store) drift(ctx context.Context) (*drift, error) {
	d, want := &drift{}, wantedRules(s.deps.Schedule)
	there, err := s.client.BucketExists(ctx, s.cfg.Bucket)
	if err != nil {
		return nil, err
	}
	if !there {
		d.missing, d.rules = true, true
		d.add(s.cfg.Bucket, "made")
		for _, change := range compareRules(nil, want, true) {
			d.add(s.cfg.Bucket, "%s", change)
		}
		return d, nil
	}
	if err := s.refuseVersions(ctx); err != nil {
		return nil, err
	}
	policy, err := s.client.Client.GetBucketPolicy(ctx, s.cfg.Bucket)
	if err != nil && !notSupported(err) {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	if d.policy = policy != ""; d.policy {
		d.add(s.cfg.Bucket, "policy: removed, so that only mailtrail's own keys reach it")
	}
	now, err := s.rules(ctx, s.cfg.Bucket)
	if err != nil {
		return nil, err
	}
	keeps, err := s.keepsUploadRules(ctx)
	if err != nil {
		return nil, err
	}
	changes := compareRules(now, want, keeps)
	d.rules = len(changes) > 0
	for _, change := range changes {
		d.add(s.cfg.Bucket, "%s", change)
	}
	return d, nil
}

func (s *Store) mend(ctx context.Context, d *drift) error {
	if d.missing {
		err := s.client.MakeBucket(ctx, s.cfg.Bucket, minio.MakeBucketOptions{})
		if err != nil && code(err) != "BucketAlreadyOwnedByYou" { // by another migrate at this moment
			return fmt.Errorf("make it: %w", err)
		}
	}
	if d.policy {
		if err := s.client.SetBucketPolicy(ctx, s.cfg.Bucket, ""); err != nil {
			return fmt.Errorf("remove the policy: %w", err)
		}
	}
	if d.rules {
		return s.putRules(ctx, wantedRules(s.deps.Schedule))
	}
	return nil
}

// wayOut is what to do about a bucket in which nothing can be destroyed.
const wayOut = "give objects.bucket another name and run mailtrail migrate, which makes a bucket as it must be; " +
	"then remove this one with all its versions, since what lies in it does not go on time"

// refuseVersions refuses a bucket that keeps versions, or did, or locks its
// objects: a deletion in it only hides.
func (s *Store) refuseVersions(ctx context.Context) error {
	state, err := s.state(ctx, s.cfg.Bucket)
	switch {
	case err != nil:
		return err
	case state.Locked:
		return fmt.Errorf("object lock is on, so nothing in it can be destroyed before the lock ends: %s", wayOut)
	case state.Versioning != "":
		return fmt.Errorf("its versioning is %s, so what is deleted stays as a version: %s", state.Versioning, wayOut)
	}
	return nil
}
