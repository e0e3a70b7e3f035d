package objectstore

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Auditor reads what a store holds, in all its buckets, and can do nothing else.
// Its rights are those of auditorPolicy.
type Auditor struct{ connection *connection }

// OpenAuditor makes an Auditor that comes in with credentials of its own, which
// need no more than the rights of auditorPolicy. A connection is made when one
// is first needed. The bucket of cfg does not count.
func OpenAuditor(cfg Config, secretKey func() (string, error)) (*Auditor, error) {
	own, err := login(cfg, secretKey)
	if err != nil {
		return nil, err
	}
	return openAuditor(cfg, own)
}

// OpenConfinedAuditor is OpenAuditor for a store in which the auditor has no
// account: it comes in with another's and gets from the store credentials for
// an hour that may read and nothing more (AssumeRole with a policy, which MinIO
// has).
func OpenConfinedAuditor(cfg Config, secretKey func() (string, error)) (*Auditor, error) {
	full, err := login(cfg, secretKey)
	if err != nil {
		return nil, err
	}
	account, err := full.GetWithContext(nil)
	if err != nil {
		return nil, fmt.Errorf("objects: %w", err)
	}
	scheme := "http://"
	if cfg.TLS != nil {
		scheme = "https://"
	}
	confined, err := credentials.NewSTSAssumeRole(scheme+cfg.Endpoint, credentials.STSAssumeRoleOptions{
		AccessKey: account.AccessKeyID, SecretKey: account.SecretAccessKey, Policy: auditorPolicy, DurationSeconds: 3600,
	})
	if err != nil {
		return nil, fmt.Errorf("objects: %w", err)
	}
	return openAuditor(cfg, confined)
}

// auditorPolicy is all that an auditor needs.
const auditorPolicy = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": ["arn:aws:s3:::*"], "Action": [
	"s3:ListAllMyBuckets", "s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts",
	"s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration", "s3:GetBucketPolicy", "s3:GetLifecycleConfiguration", "s3:GetObject"]}]}`

func openAuditor(cfg Config, login *credentials.Credentials) (*Auditor, error) {
	c, err := connect(cfg, login)
	if err != nil {
		return nil, err
	}
	return &Auditor{c}, nil
}

// Close closes idle connections.
func (a *Auditor) Close() { a.connection.Close() }

// Bucket is a bucket that the auditor can see.
type Bucket struct {
	Name string
	Made time.Time
}

// Buckets lists all buckets of the store.
func (a *Auditor) Buckets(ctx context.Context) (buckets []Bucket, err error) {
	found, err := a.connection.client.ListBuckets(ctx)
	if err != nil {
		return nil, fmt.Errorf("objects: list the buckets: %w", withRemedy(err))
	}
	for _, b := range found {
		buckets = append(buckets, Bucket{b.Name, b.CreationDate})
	}
	return buckets, nil
}

// State tells how the bucket keeps what is deleted, and whether it lets in others.
func (a *Auditor) State(ctx context.Context, bucket string) (State, error) {
	state, err := a.connection.state(ctx, bucket)
	var policy string
	if err == nil {
		policy, err = a.connection.client.Client.GetBucketPolicy(ctx, bucket)
	}
	if err != nil && !notSupported(err) {
		return state, fmt.Errorf("objects: bucket %s: %w", bucket, withRemedy(err))
	}
	state.Policy = policy != ""
	return state, nil
}

// Rule is a rule of a bucket's own expiry.
type Rule struct {
	// Prefix is of what it lets go, Days after how many days; 0 for never.
	Prefix string
	Days   int
	// Strange is in words what it does besides, or does not do; else empty.
	Strange string
}

// Rules tells of the bucket's own expiry.
func (a *Auditor) Rules(ctx context.Context, bucket string) (all []Rule, err error) {
	rules, err := a.connection.rules(ctx, bucket)
	if err != nil {
		return nil, fmt.Errorf("objects: bucket %s: %w", bucket, withRemedy(err))
	}
	for _, r := range rules {
		all = append(all, Rule{r.prefix, r.days, r.strange})
	}
	return all, nil
}

// Version is one version of an object; in a bucket that keeps none, the object.
type Version struct {
	Object
	// ID is empty or "null" where the bucket keeps no versions.
	ID string
	// Latest is the version that a reader gets; others are hidden, and still there.
	Latest bool
	// Mark says that it is a mark of a deletion, which has no bytes.
	Mark bool
}

// Versions lists everything in the bucket below a prefix, hidden versions and
// marks of deletion too, by key; "" lists all. It ends with the first error.
func (a *Auditor) Versions(ctx context.Context, bucket, prefix string) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for info := range a.connection.versions(ctx, bucket, prefix) {
			if info.Err != nil {
				yield(Version{}, fmt.Errorf("objects: list bucket %s: %w", bucket, withRemedy(info.Err)))
				return
			}
			object := Object{Key: info.Key, Size: info.Size, Stored: info.LastModified}
			if !yield(Version{Object: object, ID: info.VersionID, Latest: info.IsLatest, Mark: info.IsDeleteMarker}, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(Version{}, fmt.Errorf("objects: list bucket %s: %w", bucket, err))
		}
	}
}

// Uploads lists the unfinished uploads of the bucket. MinIO knows only those
// that were begun since it was started: what is older lies in its folder
// .minio.sys/multipart alone.
func (a *Auditor) Uploads(ctx context.Context, bucket string) iter.Seq2[Upload, error] {
	return func(yield func(Upload, error) bool) {
		for upload, err := range a.connection.uploads(ctx, bucket) {
			if err != nil {
				err = fmt.Errorf("objects: bucket %s: %w", bucket, withRemedy(err))
			}
			if !yield(upload, err) {
				return
			}
		}
	}
}
