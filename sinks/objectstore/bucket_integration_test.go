package objectstore

import (
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/lifecycle"
	"github.com/stretchr/testify/require"

	"mailtrail/schemas/retention"
)

func TestMigrateMakesTheBucketAndThenFindsNothing(t *testing.T) {
	s := open(t)
	require.ErrorIs(t, s.Ping(t.Context()), ErrNoBucket)
	made := []string{
		"bucket " + s.cfg.Bucket + ": made",
		"bucket " + s.cfg.Bucket + ": rule mailtrail-mailpiece_images: made, what lies below mailpiece_images/ goes after 3 days",
	}
	changes, err := s.Drift(t.Context())
	require.NoError(t, err)
	require.Equal(t, made, changes)
	require.ErrorIs(t, s.Ping(t.Context()), ErrNoBucket, "a look changes nothing")
	changes, err = s.Migrate(t.Context())
	require.NoError(t, err)
	require.Equal(t, made, changes)
	require.NoError(t, s.Ping(t.Context()))
	for range 2 {
		changes, err = s.Migrate(t.Context())
		require.NoError(t, err)
		require.Empty(t, changes)
	}
}

func TestDriftOfTheBucketIsToldAndMended(t *testing.T) {
	s := fresh(t)
	bucket := s.cfg.Bucket
	require.NoError(t, s.client.SetBucketPolicy(t.Context(), bucket,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::`+bucket+`/*"]}]}`))
	config := lifecycle.NewConfiguration()
	config.Rules = []lifecycle.Rule{
		{ID: "mailtrail-mailpiece_images", Status: "Disabled", RuleFilter: lifecycle.Filter{Prefix: "images/"}, Expiration: lifecycle.Expiration{Days: 30}},
		{ID: "somebody", Status: "Enabled", RuleFilter: lifecycle.Filter{Prefix: "x/"}, Expiration: lifecycle.Expiration{Date: lifecycle.ExpirationDate{Time: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}}},
	}
	require.NoError(t, s.client.SetBucketLifecycle(t.Context(), bucket, config))
	want := []string{
		"bucket " + bucket + ": policy: removed, so that only mailtrail's own keys reach it",
		"bucket " + bucket + `: rule mailtrail-mailpiece_images: prefix "images/" -> "mailpiece_images/"`,
		"bucket " + bucket + ": rule mailtrail-mailpiece_images: expiry 30 days -> 3 days",
		"bucket " + bucket + ": rule mailtrail-mailpiece_images: made anew, since it is not enabled",
		"bucket " + bucket + ": rule somebody: removed, the schedule does not have it",
	}
	changes, err := s.Drift(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, changes)
	changes, err = s.Migrate(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, changes)
	changes, err = s.Drift(t.Context())
	require.NoError(t, err)
	require.Empty(t, changes)
}

func TestABucketThatKeepsWhatIsDeletedIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(s *Store) error
		want  string
	}{
		"versioned": {func(s *Store) error { return s.client.EnableVersioning(t.Context(), s.cfg.Bucket) }, "its versioning is Enabled"},
		"suspended": {func(s *Store) error {
			if err := s.client.EnableVersioning(t.Context(), s.cfg.Bucket); err != nil {
				return err
			}
			return s.client.SuspendVersioning(t.Context(), s.cfg.Bucket)
		}, "its versioning is Suspended"},
		"locked": {func(s *Store) error {
			if err := s.client.RemoveBucket(t.Context(), s.cfg.Bucket); err != nil {
				return err
			}
			return s.client.MakeBucket(t.Context(), s.cfg.Bucket, minio.MakeBucketOptions{ObjectLocking: true})
		}, "object lock is on"},
	} {
		t.Run(name, func(t *testing.T) {
			s := fresh(t)
			require.NoError(t, c.spoil(s))
			for _, look := range []func() error{
				func() error { _, err := s.Drift(t.Context()); return err },
				func() error { _, err := s.Migrate(t.Context()); return err },
			} {
				err := look()
				require.ErrorContains(t, err, c.want)
				require.ErrorContains(t, err, "give objects.bucket another name and run mailtrail migrate")
				require.False(t, Transient(err))
			}
		})
	}
}

// In a bucket that came to keep versions behind our back a deletion still destroys all of them.
func TestDeletePrefixDestroysVersions(t *testing.T) {
	s := fresh(t)
	require.NoError(t, s.client.EnableVersioning(t.Context(), s.cfg.Bucket))
	require.NoError(t, s.Put(t.Context(), imageKey("a"), []byte("first")))
	require.NoError(t, s.client.RemoveObject(t.Context(), s.cfg.Bucket, imageKey("a"), minio.RemoveObjectOptions{}))
	require.NoError(t, s.Put(t.Context(), imageKey("b"), []byte("second")))
	auditor, err := OpenConfinedAuditor(s.cfg, secretKey)
	require.NoError(t, err)
	defer auditor.Close()
	require.Len(t, versions(t, auditor, s.cfg.Bucket), 3, "an object, one that is hidden, and the mark that hides it")
	require.NoError(t, s.DeletePrefix(t.Context(), Prefix(retention.MailpieceImages, hour)))
	require.Empty(t, versions(t, auditor, s.cfg.Bucket))
}

// A store without MinIO's forced deletion gets the plain one.
func TestDeletePrefixWithoutForce(t *testing.T) {
	s := fresh(t)
	for _, name := range []string{"a", "b", "c/d"} {
		require.NoError(t, s.Put(t.Context(), imageKey(name), []byte(name)))
	}
	require.NoError(t, s.deleteListed(t.Context(), Prefix(retention.MailpieceImages, hour)))
	require.NoError(t, s.nothingLeft(t.Context(), Prefix(retention.MailpieceImages, hour)))
}

func TestABucketRemovedByHand(t *testing.T) {
	s := fresh(t)
	require.NoError(t, s.client.RemoveBucket(t.Context(), s.cfg.Bucket))
	for what, err := range map[string]error{
		"put":    s.Put(t.Context(), imageKey("a"), []byte("x")),
		"get":    func() error { _, err := s.Get(t.Context(), imageKey("a"), 0, 1); return err }(),
		"delete": s.DeletePrefix(t.Context(), Prefix(retention.MailpieceImages, hour)),
		"ping":   s.Ping(t.Context()),
	} {
		require.ErrorIs(t, err, ErrNoBucket, what)
		require.ErrorContains(t, err, "run mailtrail migrate", what)
		require.False(t, Transient(err), what)
	}
	held, err := s.HeldSlots(t.Context(), func(string, int64) bool { return true })
	require.NoError(t, err)
	require.Empty(t, held)
	changes, err := s.Migrate(t.Context())
	require.NoError(t, err)
	require.Len(t, changes, 2)
	require.NoError(t, s.Put(t.Context(), imageKey("a"), []byte("x")))
}

func versions(t *testing.T, a *Auditor, bucket string) (found []Version) {
	t.Helper()
	for v, err := range a.Versions(t.Context(), bucket, "") {
		require.NoError(t, err)
		found = append(found, v)
	}
	return found
}

func TestTheAuditorSeesEverythingAndChangesNothing(t *testing.T) {
	s := fresh(t)
	require.NoError(t, s.Put(t.Context(), imageKey("a"), []byte("abc")))
	upload, err := s.client.NewMultipartUpload(t.Context(), s.cfg.Bucket, imageKey("u"), minio.PutObjectOptions{})
	require.NoError(t, err)
	a, err := OpenConfinedAuditor(s.cfg, secretKey)
	require.NoError(t, err)
	defer a.Close()
	buckets, err := a.Buckets(t.Context())
	require.NoError(t, err)
	found := false
	for _, b := range buckets {
		found = found || b.Name == s.cfg.Bucket && time.Since(b.Made) < time.Hour
	}
	require.True(t, found)
	state, err := a.State(t.Context(), s.cfg.Bucket)
	require.NoError(t, err)
	require.Zero(t, state)
	rules, err := a.Rules(t.Context(), s.cfg.Bucket)
	require.NoError(t, err)
	require.Equal(t, []Rule{{Prefix: "mailpiece_images/", Days: 3}}, rules)
	seen := versions(t, a, s.cfg.Bucket)
	require.Len(t, seen, 1)
	require.Equal(t, imageKey("a"), seen[0].Key)
	require.EqualValues(t, 3, seen[0].Size)
	require.True(t, seen[0].Latest && !seen[0].Mark)
	require.WithinDuration(t, time.Now(), seen[0].Stored, time.Minute)
	for u, err := range a.Uploads(t.Context(), s.cfg.Bucket) {
		require.NoError(t, err)
		require.Equal(t, imageKey("u"), u.Key)
		require.Equal(t, upload, u.ID)
	}
	confined := &Store{connection: a.connection, cfg: s.cfg, deps: s.deps, metrics: s.metrics}
	for what, err := range map[string]error{
		"put":    confined.Put(t.Context(), imageKey("b"), []byte("x")),
		"delete": confined.DeletePrefix(t.Context(), Prefix(retention.MailpieceImages, hour)),
		"rules":  confined.putRules(t.Context(), nil),
		"bucket": confined.client.MakeBucket(t.Context(), "another-bucket", minio.MakeBucketOptions{}),
	} {
		require.Equal(t, minio.AccessDenied, code(err), what)
	}
	require.Len(t, versions(t, a, s.cfg.Bucket), 1)
	require.NoError(t, s.client.SetBucketPolicy(t.Context(), s.cfg.Bucket,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::`+s.cfg.Bucket+`/*"]}]}`))
	state, err = a.State(t.Context(), s.cfg.Bucket)
	require.NoError(t, err)
	require.Equal(t, State{Policy: true}, state)
}

// What MinIO's own expiry is due to remove is hidden by its plain listing, which has it removed, and is there until then: the
// sweeper and the auditor must see it.
func TestWhatIsHiddenAsDueIsStillHeld(t *testing.T) {
	due := lifecycle.Rule{
		ID: "past", Status: "Enabled", RuleFilter: lifecycle.Filter{Prefix: retention.MailpieceImages},
		Expiration: lifecycle.Expiration{Date: lifecycle.ExpirationDate{Time: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}},
	}
	for name, c := range map[string]struct {
		look func(s *Store, t *testing.T) int
		want int
	}{
		"plain listing": {func(s *Store, t *testing.T) int { return len(keys(t, s, "")) }, 0},
		"sweeper": {func(s *Store, t *testing.T) int {
			held, err := s.HeldSlots(t.Context(), func(string, int64) bool { return true })
			require.NoError(t, err)
			return len(held) // what it counts may have gone meanwhile
		}, 1},
		"auditor": {func(s *Store, t *testing.T) int {
			a, err := OpenConfinedAuditor(s.cfg, secretKey)
			require.NoError(t, err)
			defer a.Close()
			return len(versions(t, a, s.cfg.Bucket))
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := fresh(t)
			require.NoError(t, s.Put(t.Context(), imageKey("a"), []byte("abc")))
			config := lifecycle.NewConfiguration()
			config.Rules = []lifecycle.Rule{due}
			require.NoError(t, s.client.SetBucketLifecycle(t.Context(), s.cfg.Bucket, config))
			require.Equal(t, c.want, c.look(s, t))
		})
	}
}
