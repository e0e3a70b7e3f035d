package objectstore

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/engines"
	local "mailtrail/deploy/local/minio"
	"mailtrail/deploy/local/ports"
	"mailtrail/schemas/retention"
)

func TestMain(m *testing.M) {
	status := m.Run()
	server.stop()
	os.Exit(status)
}

// server is the one MinIO of all tests, started by the first that needs it.
var server testServer

type testServer struct {
	once   sync.Once
	config local.Config
	minio  *local.Server
	err    error
	end    context.CancelFunc
	ended  chan error
}

func (s *testServer) start() {
	s.err = func() error {
		fetcher, err := engines.New(engines.Config{}, engines.Deps{Out: os.Stderr})
		if err != nil {
			return err
		}
		program, err := fetcher.MinIO(context.Background())
		if err != nil {
			return err
		}
		addrs, err := ports.Free(1)
		if err != nil {
			return err
		}
		data, err := os.MkdirTemp("", "mailtrail-minio-")
		if err != nil {
			return err
		}
		s.config = local.Config{Data: data, Addr: addrs[0], Schedule: retention.Builtin()}
		if s.minio, err = local.New(s.config, local.Deps{Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Program: program}); err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(context.Background())
		s.end, s.ended = cancel, make(chan error, 1)
		go func() { s.ended <- s.minio.Run(ctx) }()
		return s.minio.Ready(ctx)
	}()
}

func (s *testServer) stop() {
	if s.end == nil {
		return
	}
	s.end()
	if err := <-s.ended; err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	_ = os.RemoveAll(s.config.Data)
}

// running is the one MinIO.
func running(t *testing.T) *testServer {
	t.Helper()
	if testing.Short() {
		t.Skip("runs MinIO")
	}
	server.once.Do(server.start)
	require.NoError(t, server.err)
	return &server
}

func secretKey() (string, error) {
	raw, err := os.ReadFile(local.SecretFile(server.config.Data))
	return strings.TrimSpace(string(raw)), err
}

// open opens a bucket by the name of the test, which is not made yet.
func open(t *testing.T) *Store {
	t.Helper()
	return at(t, running(t).config.Addr)
}

// at is open at another address, as of a proxy.
func at(t *testing.T, endpoint string) *Store {
	t.Helper()
	store, err := Open(Config{Endpoint: endpoint, Bucket: bucketName(t), AccessKey: local.AccessKey}, Deps{
		SecretKey: secretKey, Schedule: retention.Builtin(), Log: zerolog.New(t.Output()).Level(zerolog.ErrorLevel), Metrics: prometheus.NewRegistry(),
	})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store
}

func bucketName(t *testing.T) string {
	name := strings.ToLower(strings.NewReplacer("/", "-", "_", "-", " ", "-").Replace(t.Name()))
	return name[max(0, len(name)-60):]
}

// fresh is an empty bucket as migrate makes it.
func fresh(t *testing.T) *Store {
	t.Helper()
	store := open(t)
	_, err := store.Migrate(t.Context())
	require.NoError(t, err)
	return store
}
