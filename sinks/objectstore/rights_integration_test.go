package objectstore

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	local "mailtrail/deploy/local/minio"
	"mailtrail/schemas/retention"
)

// The rights that doc.go lists are enough, those of migrate for migrate alone.
func TestTheRightsThatAreListedAreEnough(t *testing.T) {
	s := open(t)
	text, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	daily, migrate, found := strings.Cut(string(text), "needs besides")
	require.True(t, found)
	with := func(texts ...string) *Store {
		rights := regexp.MustCompile(`s3:\w+`).FindAllString(strings.Join(texts, " "), -1)
		secret, err := secretKey()
		require.NoError(t, err)
		confined, err := credentials.NewSTSAssumeRole("http://"+s.cfg.Endpoint, credentials.STSAssumeRoleOptions{
			AccessKey: local.AccessKey, SecretKey: secret, DurationSeconds: 3600,
			Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["` + strings.Join(rights, `","`) + `"],"Resource":["arn:aws:s3:::` + s.cfg.Bucket + `","arn:aws:s3:::` + s.cfg.Bucket + `/*"]}]}`,
		})
		require.NoError(t, err)
		c, err := connect(s.cfg, confined)
		require.NoError(t, err)
		t.Cleanup(c.Close)
		return &Store{connection: c, cfg: s.cfg, deps: s.deps, metrics: s.metrics}
	}

	owner := with(daily, migrate)
	_, err = owner.Migrate(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.client.SetBucketPolicy(t.Context(), s.cfg.Bucket,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::`+s.cfg.Bucket+`/*"]}]}`))
	require.NoError(t, s.putRules(t.Context(), []rule{{id: "x", prefix: "x/", days: 1}}))
	changes, err := owner.Migrate(t.Context())
	require.NoError(t, err)
	require.Len(t, changes, 3)

	writer := with(daily)
	require.NoError(t, writer.Ping(t.Context()))
	for range 2 {
		require.NoError(t, writer.Put(t.Context(), imageKey("a"), []byte("x")))
	}
	_, err = writer.client.NewMultipartUpload(t.Context(), s.cfg.Bucket, imageKey("u"), minio.PutObjectOptions{})
	require.NoError(t, err)
	_, err = writer.Get(t.Context(), imageKey("a"), 0, 1)
	require.NoError(t, err)
	held, err := writer.HeldSlots(t.Context(), func(string, int64) bool { return true })
	require.NoError(t, err)
	require.Equal(t, []HeldSlot{{Class: retention.MailpieceImages, Slot: hour, Objects: 2, Bytes: 1}}, held)
	require.NoError(t, writer.DeletePrefix(t.Context(), Prefix(retention.MailpieceImages, hour)))
	require.Empty(t, keys(t, s, ""))
	require.Equal(t, minio.AccessDenied, code(writer.putRules(t.Context(), nil)))
}
