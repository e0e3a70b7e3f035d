package objectstore

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/engines"
	local "mailtrail/deploy/local/minio"
	"mailtrail/deploy/local/ports"
	"mailtrail/schemas/retention"
)

// Objects are put while MinIO is killed again and again: Put outlasts it, what it acknowledged is there and equal, and a repeat
// of everything, as after a crash of ours, stores nothing twice.
func TestWhatIsAcknowledgedOutlivesAKilledMinIO(t *testing.T) {
	s := fresh(t)
	const kills, writers = 3, 4
	stop, acknowledged := make(chan struct{}), sync.Map{}
	var puts atomic.Int64
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				key, body := imageKey(fmt.Sprintf("%d-%06d", w, i)), random(200<<10)
				if err := s.Put(t.Context(), key, body); err != nil {
					t.Errorf("put %s: %v", key, err)
					return
				}
				acknowledged.Store(key, body)
				puts.Add(1)
			}
		})
	}
	for range kills {
		before := puts.Load()
		require.Eventually(t, func() bool { return puts.Load() > before+20 }, time.Minute, time.Millisecond)
		pid := server.minio.PID()
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
		require.Eventually(t, func() bool { now := server.minio.PID(); return now != 0 && now != pid }, time.Minute, 5*time.Millisecond)
	}
	before := puts.Load()
	require.Eventually(t, func() bool { return puts.Load() > before+20 }, time.Minute, time.Millisecond)
	close(stop)
	all.Wait()
	require.Positive(t, testutil.ToFloat64(s.metrics.retries.WithLabelValues("put", "connection")), "the kills were felt")

	count := 0
	acknowledged.Range(func(key, body any) bool {
		count++
		got, err := s.Get(t.Context(), key.(string), 0, int64(len(body.([]byte))))
		require.NoError(t, err)
		require.True(t, bytes.Equal(body.([]byte), got), key)
		require.NoError(t, s.Put(t.Context(), key.(string), body.([]byte)))
		return true
	})
	require.Len(t, keys(t, s, ""), count, "nothing is there that was not acknowledged in the end, and nothing twice")
	t.Logf("%d objects were acknowledged over %d kills", count, kills)
}

func TestAStoreThatIsAwayIsTransient(t *testing.T) {
	running(t)
	addrs, err := ports.Free(1)
	require.NoError(t, err)
	s := at(t, addrs[0])
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err = s.Put(ctx, imageKey("a"), []byte("x"))
	require.True(t, Transient(err), err)
	_, err = s.Get(t.Context(), imageKey("a"), 0, 1)
	require.True(t, Transient(err), err)
	err = s.DeletePrefix(t.Context(), Prefix(retention.MailpieceImages, hour))
	require.True(t, Transient(err), err)
	_, err = s.Migrate(t.Context())
	require.True(t, Transient(err), err)
}

// On a full disk a Put waits, and goes on when a slot has been destroyed, which a full disk does not hinder.
func TestAFullDisk(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("mounts a small disk and runs MinIO on it")
	}
	data := t.TempDir()
	if err := syscall.Mount("tmpfs", data, "tmpfs", 0, "size=48m"); err != nil {
		t.Skipf("needs the right to mount a small disk: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(data, syscall.MNT_DETACH) })
	s := openAt(t, data)
	_, err := s.Migrate(t.Context())
	require.NoError(t, err)

	var full error
	stored := 0
	for ; full == nil && stored < 100; stored++ {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		full = s.Put(ctx, imageKey(fmt.Sprint(stored)), random(1<<20))
		cancel()
	}
	require.Error(t, full)
	require.True(t, Transient(full), full)
	t.Logf("after %d MiB: %v", stored-1, full)
	require.Contains(t, full.Error(), "make room on the disk of the object store")
	require.Positive(t, testutil.ToFloat64(s.metrics.retries.WithLabelValues("put", "XMinioStorageFull")))

	waits := make(chan error, 1)
	later := Key(retention.MailpieceImages, hour+3600, "waits")
	go func() { waits <- s.Put(t.Context(), later, random(1<<20)) }()
	require.NoError(t, s.DeletePrefix(t.Context(), Prefix(retention.MailpieceImages, hour)))
	require.NoError(t, <-waits)
	require.Equal(t, []string{later}, keys(t, s, ""))
}

// A slot that is dropped is unreadable and unlisted at once, and gone from the disk: of MinIO's own folders and its trash too.
func TestADroppedPrefixIsGone(t *testing.T) {
	data := t.TempDir()
	s := openAt(t, data)
	_, err := s.Migrate(t.Context())
	require.NoError(t, err)
	mark := []byte("a mark that stands in no other file of this machine 5b1f")
	const objects = 40
	for i := range objects {
		// Small ones lie within their description, large ones in files of their own.
		require.NoError(t, s.Put(t.Context(), imageKey(fmt.Sprint(i)), bytes.Repeat(mark, 1+(i%2)*20_000)))
	}
	uploadKey := imageKey("unfinished")
	upload, err := s.client.NewMultipartUpload(t.Context(), s.cfg.Bucket, uploadKey, minio.PutObjectOptions{})
	require.NoError(t, err)
	partMark := []byte("a mark of a part")
	_, err = s.client.PutObjectPart(t.Context(), s.cfg.Bucket, uploadKey, upload, 1, bytes.NewReader(partMark), int64(len(partMark)), minio.PutObjectPartOptions{})
	require.NoError(t, err)
	require.Len(t, holding(t, data, mark), objects, "the search finds what is there")
	require.Len(t, holding(t, data, partMark), 1)

	began := time.Now()
	require.NoError(t, s.DeletePrefix(t.Context(), Prefix(retention.MailpieceImages, hour)))
	took := time.Since(began)
	_, err = s.Get(t.Context(), imageKey("1"), 0, 1)
	require.ErrorIs(t, err, ErrNotFound)
	require.Empty(t, keys(t, s, ""))
	_, err = s.client.ListObjectParts(t.Context(), s.cfg.Bucket, uploadKey, upload, 0, 10)
	require.Equal(t, minio.NoSuchUpload, code(err))
	for _, file := range holding(t, data, partMark) {
		require.Contains(t, file, ".minio.sys/tmp/.trash", "the parts of an upload that was aborted wait for MinIO to empty its trash")
	}
	require.Eventually(t, func() bool { return len(holding(t, data, mark)) == 0 }, releaseTakes(), 5*time.Millisecond, "and the disk holds none of it")
	t.Logf("%d objects: unlisted after %s, off the disk after %s", objects, took, time.Since(began))
}

// releaseTakes is what the schedule counts with.
func releaseTakes() time.Duration {
	for _, r := range retention.Releases() {
		if r.Store == retention.Objects {
			return r.Takes
		}
	}
	return 0
}

// holding are the files below the folder in which the mark stands.
func holding(t *testing.T, dir string, mark []byte) (files []string) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			if raw, err := os.ReadFile(path); err == nil && bytes.Contains(raw, mark) {
				files = append(files, path)
			}
		}
		return nil
	})
	return files
}

// openAt opens the store of a MinIO of its own.
func openAt(t *testing.T, data string) *Store {
	t.Helper()
	if testing.Short() {
		t.Skip("runs MinIO")
	}
	fetcher, err := engines.New(engines.Config{}, engines.Deps{Out: os.Stderr})
	require.NoError(t, err)
	program, err := fetcher.MinIO(t.Context())
	require.NoError(t, err)
	addrs, err := ports.Free(1)
	require.NoError(t, err)
	own, err := local.New(local.Config{Data: data, Addr: addrs[0], Schedule: retention.Builtin()}, local.Deps{Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Program: program})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- own.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	require.NoError(t, own.Ready(t.Context()))
	s, err := Open(Config{Endpoint: addrs[0], Bucket: bucketName(t), AccessKey: local.AccessKey}, Deps{
		SecretKey: func() (string, error) {
			raw, err := os.ReadFile(local.SecretFile(data))
			return strings.TrimSpace(string(raw)), err
		},
		Schedule: retention.Builtin(), Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(),
	})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}
