package main

import (
	"context"
	"iter"

	"mailtrail/cmd/mailtrail/config"
	"mailtrail/pipeline/retention/verify"
	"mailtrail/sinks/objectstore"
)

// verifiedObjects is the object store as the auditor wants it.
type verifiedObjects struct {
	config  *config.Loaded
	auditor *objectstore.Auditor
}

// open comes in with the auditor's rights; it is tried again with the next look while the secret cannot be read.
func (o *verifiedObjects) open() (verify.ObjectStore, error) {
	if o.auditor == nil {
		auditor, err := openObjectsAuditor(o.config)
		if err != nil {
			return nil, err
		}
		o.auditor = auditor
	}
	return o, nil
}

func (o *verifiedObjects) close() {
	if o.auditor != nil {
		o.auditor.Close()
	}
}

func (o *verifiedObjects) Buckets(ctx context.Context) ([]string, error) {
	buckets, err := o.auditor.Buckets(ctx)
	return converted(buckets, func(b objectstore.Bucket) string { return b.Name }), err
}

func (o *verifiedObjects) State(ctx context.Context, bucket string) (verify.BucketState, error) {
	state, err := o.auditor.State(ctx, bucket)
	return verify.BucketState(state), err
}

func (o *verifiedObjects) Rules(ctx context.Context, bucket string) ([]verify.BucketRule, error) {
	rules, err := o.auditor.Rules(ctx, bucket)
	return converted(rules, func(r objectstore.Rule) verify.BucketRule { return verify.BucketRule(r) }), err
}

func (o *verifiedObjects) Versions(ctx context.Context, bucket string) iter.Seq2[verify.Stored, error] {
	return func(yield func(verify.Stored, error) bool) {
		for v, err := range o.auditor.Versions(ctx, bucket, "") {
			if !yield(verify.Stored{Key: v.Key, At: v.Stored, Hidden: !v.Latest || v.Mark}, err) {
				return
			}
		}
	}
}

func (o *verifiedObjects) Uploads(ctx context.Context, bucket string) iter.Seq2[verify.Stored, error] {
	return func(yield func(verify.Stored, error) bool) {
		for u, err := range o.auditor.Uploads(ctx, bucket) {
			if !yield(verify.Stored{Key: u.Key, At: u.Begun}, err) {
				return
			}
		}
	}
}
