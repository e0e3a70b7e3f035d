// Package objectstore is mailtrail's side of an S3 store: MinIO, or any that
// speaks the same. It stands on github.com/minio/minio-go/v7 and keeps to plain
// S3 calls, so that the store can be changed; where MinIO has a shorter way (the
// forced deletion of a prefix) the plain way follows and finds nothing left.
//
// # Keys
//
// One bucket holds all objects. A key is class, slot and name:
//
//	mailpiece_images/20261125T140000Z/NAME
//
// The slot is its start, RFC 3339 in the basic form, UTC, whole seconds, so that
// slots list in the order of time; see [Key], [Prefix] and [ParseKey]. Everything
// of a class and slot lies below one prefix, which is destroyed at once.
//
// # The bucket
//
// Unversioned, without object lock, without a policy, with an expiry in whole
// days as a backstop: see [Store.Migrate]. In a versioned or locked bucket a
// deletion destroys nothing, so such a bucket is refused.
//
// # What is acknowledged
//
// [Store.Put] returns once the store has the whole object. An object is never
// changed: a second Put of the same bytes under the same key is done at once,
// of other bytes it is [ErrConflict]. No object is uploaded in parts, so mailtrail
// leaves no unfinished uploads; those of others are listed and aborted.
//
// # Rights
//
// The access key needs, on the bucket and on what is in it: s3:GetBucketLocation,
// s3:ListBucket, s3:ListBucketVersions, s3:ListBucketMultipartUploads,
// s3:ListMultipartUploadParts, s3:AbortMultipartUpload, s3:GetObject, s3:PutObject,
// s3:DeleteObject, s3:DeleteObjectVersion. mailtrail migrate needs besides
// s3:CreateBucket, s3:GetBucketVersioning, s3:GetBucketObjectLockConfiguration,
// s3:GetLifecycleConfiguration, s3:PutLifecycleConfiguration, s3:GetBucketPolicy,
// s3:PutBucketPolicy and s3:DeleteBucketPolicy. The auditor's are in [Auditor].
package objectstore
