package images

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/bench/stack"
	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/deploy/local/engines"
	"mailtrail/deploy/local/minio"
	"mailtrail/deploy/local/ports"
	"mailtrail/pipeline/keys"
	"mailtrail/pipeline/ledger"
	"mailtrail/schemas/retention"
)

var long = flag.Bool("long", false, "the long form: minutes for each measure, and a million images to read from")

// sized is how many of something there are, in the small form and in the long one.
func sized[N int | time.Duration](small, large N) N {
	if *long {
		return large
	}
	return small
}

// site is a stack with everything that images need.
type site struct {
	*stack.Stack
	t               *testing.T
	env             []string
	door, api       string // host:port
	camera, officer string
}

func newSite(t *testing.T) *site {
	if testing.Short() {
		t.Skip("runs servers")
	}
	if runtime.GOOS != "linux" {
		t.Skip("the stack dies with its test on Linux alone")
	}
	folder := t.TempDir()
	program, err := stack.Build(folder)
	require.NoError(t, err)
	servers, err := stack.Start(t.Context(), folder, program)
	require.NoError(t, err)
	t.Cleanup(servers.Close)
	free, err := ports.Free(3)
	require.NoError(t, err)
	s := &site{Stack: servers, t: t, door: free[0], api: free[1]}
	s.env = []string{
		"MAILTRAIL_OBJECTS_ENDPOINT=" + free[2], "MAILTRAIL_OBJECTS_ACCESS_KEY=" + minio.AccessKey, "MAILTRAIL_OBJECTS_SECRET_KEY_FILE=" + minio.SecretFile(folder),
		"MAILTRAIL_IMAGES_LISTEN=" + s.door, "MAILTRAIL_API_LISTEN=" + s.api, "MAILTRAIL_KEYS_CONNECT=unix:" + s.serveKeys(),
	}
	s.startMinIO(free[2])
	s.do([]string{"MAILTRAIL_CLICKHOUSE_USER=" + embedded.Owner, "MAILTRAIL_CLICKHOUSE_PASSWORD_FILE=" + embedded.PasswordFile(folder, embedded.Owner)}, "migrate")
	s.camera, s.officer = s.do(nil, "access", "add", "device", "camera"), s.do(nil, "access", "add", "officer", "records")
	for _, role := range []string{"ingest", "images run", "api"} {
		r, err := s.Start(role, s.env...)
		require.NoError(t, err)
		t.Cleanup(r.Kill)
		require.NoError(t, r.Ready(time.Minute))
	}
	return s
}

// do runs a command to its end and returns what it printed.
func (s *site) do(env []string, args ...string) string {
	command := s.Command(args...)
	command.Env = append(append(command.Env, s.env...), env...)
	var said strings.Builder
	command.Stderr = &said
	out, err := command.Output()
	require.NoError(s.t, err, said.String())
	return strings.TrimSpace(string(out))
}

// inBackground runs a part until the test ends.
func (s *site) inBackground(run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	s.t.Cleanup(func() {
		cancel()
		<-ended
	})
}

func (s *site) startMinIO(addr string) {
	fetcher, err := engines.New(engines.Config{}, engines.Deps{Out: os.Stderr})
	require.NoError(s.t, err)
	program, err := fetcher.MinIO(s.t.Context())
	require.NoError(s.t, err)
	server, err := minio.New(minio.Config{Data: s.Folder, Addr: addr, Schedule: retention.Builtin()}, minio.Deps{Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Program: program})
	require.NoError(s.t, err)
	s.inBackground(server.Run)
	require.NoError(s.t, server.Ready(s.t.Context()))
}

// serveKeys is a key authority in this process; it returns its socket.
func (s *site) serveKeys() string {
	book, err := ledger.Open(ledger.Config{Dir: filepath.Join(s.Folder, "authority", "ledger")}, ledger.Deps{Log: zerolog.Nop(), Clock: time.Now})
	require.NoError(s.t, err)
	authority, err := keys.New(keys.Config{Tombstones: filepath.Join(s.Folder, "authority", "tombstones"), Ahead: 10 * time.Minute, Every: time.Minute}, keys.Deps{
		Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Clock: time.Now, Store: keys.NewMemoryStore(), Ledger: book, Calendar: keys.FromSchedule(retention.Builtin()),
	})
	require.NoError(s.t, err)
	_, err = authority.Start(s.t.Context())
	require.NoError(s.t, err)
	socket := filepath.Join(s.Folder, "authority", "keys.sock")
	server, err := keys.NewServer(keys.ServerConfig{Network: "unix", Address: socket}, keys.ServerDeps{Log: zerolog.Nop(), Authority: authority})
	require.NoError(s.t, err)
	s.inBackground(server.Run)
	require.Eventually(s.t, func() bool { _, err := os.Stat(socket); return err == nil }, 10*time.Second, time.Millisecond)
	return socket
}

// say tells a figure.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
