package crash

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/clickhouse"
	"mailtrail/deploy/local/engines"
	"mailtrail/deploy/local/ports"
	"mailtrail/deploy/local/realkafka"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/kafka"
)

// device is who sends the mail over HTTP.
const device = "dbcs-0421"

// site is one mailtrail with everything that it stands on, and the folder of its logs.
type site struct {
	t       *testing.T
	dir     string
	program string
	config  string
	token   string
	gateway string // host:port

	broker *realkafka.Broker
	engine *clickhouse.Server
	native string // where ClickHouse listens; ingest reaches it through proxy
	proxy  *cutter

	kafka   *kafka.Client
	store   *storeReader
	ingests []*service
	door    *service
	points  *points
	stop    []func()
}

// sizes are what differs between the short form and the long one.
type sizes struct {
	events    uint64
	blockRows int
	points    []string
}

const partitions = 4

// keptDir makes a folder that outlives a test that fails.
func keptDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "mailtrail-crash-")
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("logs of all processes, and their data: %s", dir)
			return
		}
		_ = os.RemoveAll(dir)
	})
	return dir
}

// build builds mailtrail with its fault points, once for all tests.
var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(programDir(), "mailtrail")
	out, err := exec.Command("go", "build", "-tags", "faults", "-o", path, "mailtrail/cmd/mailtrail").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build mailtrail: %w: %s", err, out)
	}
	return path, nil
})

// programDir is where this test program builds mailtrail.
func programDir() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("mailtrail-crash-program-%d", os.Getpid()))
}

func TestMain(m *testing.M) {
	status := m.Run()
	_ = os.RemoveAll(programDir())
	os.Exit(status)
}

func program(t *testing.T) string {
	path, err := build()
	require.NoError(t, err)
	return path
}

// startSite starts Kafka, ClickHouse, the proxy, two ingests and a gateway.
func startSite(t *testing.T, sizes sizes) *site {
	s := &site{t: t, dir: keptDir(t), program: program(t), points: newPoints(sizes.points)}
	t.Cleanup(func() {
		for i := len(s.stop) - 1; i >= 0; i-- {
			s.stop[i]()
		}
	})
	fetcher, err := engines.New(engines.Config{}, engines.Deps{Out: os.Stderr})
	require.NoError(t, err)
	s.startKafka(fetcher)
	s.startClickHouse(fetcher)
	s.proxy, err = newCutter(s.native)
	require.NoError(t, err)
	s.stop = append(s.stop, s.proxy.stop)
	s.configure(sizes)
	s.migrate()
	s.token = strings.TrimSpace(s.run("access", "add", "device", device))
	s.startRoles()
	return s
}

func (s *site) startKafka(fetcher *engines.Fetcher) {
	jars, err := fetcher.Kafka(s.t.Context())
	require.NoError(s.t, err)
	s.broker, err = realkafka.Start(s.t.Context(), realkafka.Config{Dir: filepath.Join(s.dir, "kafka"), Kafka: jars})
	require.NoError(s.t, err)
	s.stop = append(s.stop, s.broker.Kill9)
	s.kafka, err = kafka.New(kafka.Config{Brokers: []string{s.broker.Addr()}})
	require.NoError(s.t, err)
	s.stop = append(s.stop, s.kafka.Close)
}

func (s *site) startClickHouse(fetcher *engines.Fetcher) {
	engine, err := fetcher.ClickHouse(s.t.Context())
	require.NoError(s.t, err)
	free, err := ports.Free(2)
	require.NoError(s.t, err)
	s.native = free[0]
	log, err := os.Create(filepath.Join(s.dir, "clickhouse-server.log"))
	require.NoError(s.t, err)
	s.engine, err = clickhouse.New(clickhouse.Config{
		Data: s.data(), Native: free[0], HTTP: free[1], Schedule: retention.Builtin(), MemoryRatio: 0.3, Reader: clickhouse.DefaultReaderLimits(),
	}, clickhouse.Deps{
		Log: zerolog.New(log), Metrics: prometheus.NewRegistry(), Engine: engine, Self: []string{s.program, "engine-clickhouse"},
		Analysts: func() ([]clickhouse.Analyst, error) { return nil, nil },
	})
	require.NoError(s.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.engine.Run(ctx) }()
	s.stop = append(s.stop, func() {
		cancel()
		<-ended
		log.Close()
	})
	require.NoError(s.t, s.engine.Ready(s.t.Context()))
	s.store, err = openReader(s.native, clickhouse.Owner, s.passwordOf(clickhouse.Owner))
	require.NoError(s.t, err)
	s.stop = append(s.stop, s.store.close)
}

func (s *site) data() string { return filepath.Join(s.dir, "site") }

func (s *site) passwordOf(user string) string {
	raw, err := os.ReadFile(clickhouse.PasswordFile(s.data(), user))
	require.NoError(s.t, err)
	return strings.TrimSpace(string(raw))
}

// configure writes the configuration that all roles share.
func (s *site) configure(sizes sizes) {
	free, err := ports.Free(1)
	require.NoError(s.t, err)
	s.gateway = free[0]
	s.config = filepath.Join(s.dir, "site.yaml")
	text := fmt.Sprintf(`mode: external
data: %s
gateway: {listen: %s}
kafka: {brokers: [%s], partitions: %d}
clickhouse: {addr: [%s], user: %s, password_file: %s}
keys: {listen: "unix:%[8]s", connect: "unix:%[8]s"}
ingest: {block_rows: %[9]d, block_age: 250ms, memory: 384MiB}
`, s.data(), s.gateway, s.broker.Addr(), partitions, s.proxy.addr(), clickhouse.Writer, clickhouse.PasswordFile(s.data(), clickhouse.Writer),
		filepath.Join(s.dir, "keys.sock"), sizes.blockRows)
	require.NoError(s.t, os.WriteFile(s.config, []byte(text), 0o600))
}

func (s *site) migrate() {
	s.runAs([]string{
		"MAILTRAIL_CLICKHOUSE_ADDR=" + s.native,
		"MAILTRAIL_CLICKHOUSE_USER=" + clickhouse.Owner,
		"MAILTRAIL_CLICKHOUSE_PASSWORD_FILE=" + clickhouse.PasswordFile(s.data(), clickhouse.Owner),
	}, "migrate")
}

// run runs a command of mailtrail to its end and returns its standard output.
func (s *site) run(args ...string) string { return s.runAs(nil, args...) }

func (s *site) runAs(env []string, args ...string) string {
	out, errs, err := s.try(env, args...)
	require.NoError(s.t, err, "mailtrail %s: %s", strings.Join(args, " "), errs)
	return out
}

func (s *site) try(env []string, args ...string) (out, errs string, err error) {
	cmd := exec.CommandContext(s.t.Context(), s.program, append([]string{"--config", s.config}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

func (s *site) startRoles() {
	free, err := ports.Free(4)
	require.NoError(s.t, err)
	keeper := s.service("retention", free[3], nil)
	keeper.args = []string{"retention", "run", "--config", s.config}
	require.NoError(s.t, keeper.start())
	s.stop = append(s.stop, keeper.hold)
	s.await("the slot keys", time.Minute, keeper.ready)
	s.door = s.service("gateway", free[2], nil, "MAILTRAIL_CLICKHOUSE_ADDR="+s.native)
	for i := range 2 {
		s.ingests = append(s.ingests, s.service("ingest", free[i], s.points))
	}
	for i, ingest := range s.ingests {
		ingest.name = fmt.Sprintf("ingest %d", i+1)
		ingest.log = filepath.Join(s.dir, fmt.Sprintf("ingest-%d.log", i+1))
	}
	for _, service := range append([]*service{s.door}, s.ingests...) {
		require.NoError(s.t, service.start())
		s.stop = append(s.stop, service.hold)
	}
	s.await("the gateway", time.Minute, s.door.ready)
}

func (s *site) service(role, metrics string, points *points, env ...string) *service {
	return &service{
		name: role, program: s.program, args: []string{role, "--config", s.config}, env: env, metrics: metrics,
		log: filepath.Join(s.dir, role+".log"), points: points, failed: func(err error) { s.t.Error(err) },
	}
}

// await polls until the condition holds, and ends the test when it takes too long or something else has failed.
func (s *site) await(what string, within time.Duration, condition func() bool) {
	s.t.Helper()
	if !poll(s.t.Context(), within, func() bool { return s.t.Failed() || condition() }) {
		s.t.Fatalf("waited %s for %s; logs: %s", within, what, s.dir)
	}
	if s.t.Failed() {
		s.t.FailNow()
	}
}

// poll asks again and again until the condition holds, and returns false when it takes too long.
func poll(ctx context.Context, within time.Duration, condition func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}
