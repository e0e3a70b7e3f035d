package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	local "mailtrail/deploy/local/minio"
	"mailtrail/pipeline/ledger"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/objectstore"
)

const bucket = "mailtrail-images"

// secondsOfImages is the built-in schedule with images that flow, in slots of seconds.
func secondsOfImages(t *testing.T) (path string, schedule *retention.Schedule) {
	t.Helper()
	source := strings.NewReplacer("    limit: 3d\n", "    limit: 30s\n", "    topic: mail.images\n", "", "    slot: 1h\n    margin: 1h\n", "    slot: 2s\n    margin: 18s\n").
		Replace(string(retention.Builtin().Source()))
	schedule, err := retention.Parse([]byte(source))
	require.NoError(t, err)
	path = filepath.Join(t.TempDir(), "schedule.yaml")
	require.NoError(t, os.WriteFile(path, []byte(source), 0o600))
	return path, schedule
}

// bucketOf is the bucket as a program with the account of the embedded MinIO sees it.
func (s *site) bucketOf(schedule *retention.Schedule) (*objectstore.Store, *minio.Core) {
	s.t.Helper()
	raw, err := os.ReadFile(local.SecretFile(s.data))
	require.NoError(s.t, err)
	secret := strings.TrimSpace(string(raw))
	store, err := objectstore.Open(objectstore.Config{Endpoint: s.objects, Bucket: bucket, AccessKey: local.AccessKey}, objectstore.Deps{
		SecretKey: func() (string, error) { return secret, nil }, Schedule: schedule, Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(),
	})
	require.NoError(s.t, err)
	s.t.Cleanup(store.Close)
	core, err := minio.NewCore(s.objects, &minio.Options{Creds: credentials.NewStaticV4(local.AccessKey, secret, "")})
	require.NoError(s.t, err)
	return store, core
}

// Objects go with their slot, with MinIO's own expiry taken away; the ledger has every slot; the bucket's drift is told and mended,
// and one that keeps versions is refused.
func TestSlotsOfObjects(t *testing.T) {
	path, schedule := secondsOfImages(t)
	s := newSite(t).with("--set", "retention.schedule="+path, "--set", "retention.sweep_every=1s")
	row := schedule.Row(retention.MailpieceImages)
	p := s.up()
	p.says("bucket "+bucket, 10*time.Second)
	require.Equal(t, "ok", s.readiness()["objects"])
	store, core := s.bucketOf(schedule)
	ctx := t.Context()

	// Without the rule only the sweeper is left.
	require.NoError(t, core.SetBucketLifecycle(ctx, bucket, nil))
	require.NoError(t, core.SetBucketPolicy(ctx, bucket,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::`+bucket+`/*"]}]}`))
	dry := s.run("retention", "apply", "--dry-run")
	require.Equal(t, exitFailed, dry.status)
	require.Contains(t, dry.stdout, "rule mailtrail-mailpiece_images: made, what lies below mailpiece_images/ goes after 1 day")
	require.Contains(t, dry.stdout, "policy: removed")

	slot := row.SlotOf(time.Now().UnixMilli())
	key := func(name string) string { return objectstore.Key(retention.MailpieceImages, slot, name) }
	for i := range 3 {
		require.NoError(t, store.Put(ctx, key(fmt.Sprint(i)), []byte("sealed")))
	}
	_, err := core.NewMultipartUpload(ctx, bucket, key("unfinished"), minio.PutObjectOptions{})
	require.NoError(t, err)
	plan := s.run("retention", "plan")
	require.Zero(t, plan.status, plan.stderr)
	require.Contains(t, plan.stdout, "bucket images: slot "+moment(slot))

	eventually(t, 40*time.Second, func() error {
		held, err := store.HeldSlots(ctx, func(string, int64) bool { return true })
		if err == nil && len(held) > 0 {
			err = fmt.Errorf("still held: %v", held)
		}
		return err
	})
	require.Less(t, time.Now().Unix(), row.LimitAt(slot), "gone before the limit")
	require.GreaterOrEqual(t, time.Now().Unix(), row.DestroyAt(slot), "and not before its time")
	_, err = store.Get(ctx, key("0"), 0, 1)
	require.ErrorIs(t, err, objectstore.ErrNotFound)
	var entries []*ledger.Entry
	eventually(t, 10*time.Second, func() error {
		entries = slices.DeleteFunc(s.entriesOf(retention.MailpieceImages, time.Unix(slot, 0).UTC()), func(e *ledger.Entry) bool { return e.Store != string(retention.Objects) }) // of its key and its rows
		return expect(1, len(entries))
	})
	require.Equal(t, ledger.PrefixDeleted, entries[0].Kind)
	// The upload was ended by MinIO itself, a quarter of the margin after it was begun.
	require.Equal(t, []any{"objects", "images", "sweeper", int64(3), int64(18)}, []any{entries[0].Store, entries[0].Object, entries[0].By, *entries[0].Rows, *entries[0].Bytes})

	// A bucket that was removed by hand: not ready, with the remedy, and made again by migrate.
	require.NoError(t, core.RemoveBucketWithOptions(ctx, bucket, minio.RemoveBucketOptions{ForceDelete: true}))
	require.Contains(t, s.readiness()["objects"], "run mailtrail migrate")
	require.Contains(t, s.do("migrate"), "bucket "+bucket)
	require.Equal(t, "ok", s.readiness()["objects"])
	require.Empty(t, s.do("retention", "apply", "--dry-run"))

	require.NoError(t, core.EnableVersioning(ctx, bucket))
	refused := s.run("migrate")
	require.Equal(t, exitFailed, refused.status)
	require.Contains(t, refused.stderr, "give objects.bucket another name")
	p.stop()
}

// readiness is what /readyz says of each part.
func (s *site) readiness() (parts map[string]string) {
	s.t.Helper()
	_, body := s.readyz()
	require.NoError(s.t, json.Unmarshal([]byte(body), &parts))
	return parts
}
