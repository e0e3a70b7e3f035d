package backlog

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	native "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/deploy/local/engines"
	"mailtrail/deploy/local/ports"
	"mailtrail/deploy/local/realkafka"
	"mailtrail/pipeline/simulate"
	"mailtrail/sinks/kafka"
)

var long = flag.Bool("long", false, "take in 20 million events instead of one")

const (
	// mostMemory is what the process may hold at its peak, in bytes.
	mostMemory = 1 << 30
	// jsonShare of the events come as JSON, one a message; the others in ScanBatches.
	jsonShare = 0.05
)

func TestABacklogIsTakenInWithinAGiB(t *testing.T) {
	if testing.Short() {
		t.Skip("runs servers")
	}
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells how much memory a process held at most (VmHWM)")
	}
	events := uint64(1_000_000)
	if *long {
		events = 20_000_000
	}
	s := start(t)
	began := time.Now()
	truth := s.feed(events)
	total := uint64(0)
	for _, n := range truth {
		total += n
	}
	t.Logf("fed %d events in %s", total, time.Since(began).Round(time.Second))

	ingest, began := s.ingest(), time.Now()
	var got map[string]uint64
	for sum(got) < total {
		select {
		case <-ingest.ended:
			require.Fail(t, "ingest ended by itself", ingest.said())
		case <-time.After(100 * time.Millisecond): // between two looks
		}
		got = s.outcomes()
	}
	took := time.Since(began)
	peak := ingest.peak()
	t.Logf("took in %d events (%d rows) in %s: %.0f events a second, peak memory (VmHWM) %d MiB", total, got["stored"], took.Round(100*time.Millisecond), float64(total)/took.Seconds(), peak>>20)
	require.Equal(t, truth, got)
	require.Less(t, peak, mostMemory)
	ingest.stop()
	require.EqualValues(t, truth["stored"], s.number("SELECT count() FROM mailtrail_data.scans"))
	out, err := s.command("audit").CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func sum(outcomes map[string]uint64) (n uint64) {
	for _, events := range outcomes {
		n += events
	}
	return n
}

// site is Apache Kafka, the ClickHouse engine and the program.
type site struct {
	t                        *testing.T
	folder, program, metrics string
	broker                   *realkafka.Broker
	native                   string
	sql                      driver.Conn
}

func start(t *testing.T) *site {
	s := &site{t: t, folder: t.TempDir()}
	s.program = filepath.Join(s.folder, "mailtrail")
	build := exec.Command("go", "build", "-o", s.program, "mailtrail/cmd/mailtrail")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	free, err := ports.Free(3)
	require.NoError(t, err)
	s.native, s.metrics = free[0], free[1]
	fetcher, err := engines.New(engines.Config{}, engines.Deps{Out: os.Stderr})
	require.NoError(t, err)
	jars, err := fetcher.Kafka(t.Context())
	require.NoError(t, err)
	engine, err := fetcher.ClickHouse(t.Context())
	require.NoError(t, err)
	s.broker, err = realkafka.Start(t.Context(), realkafka.Config{Dir: filepath.Join(s.folder, "kafka"), Kafka: jars})
	require.NoError(t, err)
	t.Cleanup(s.broker.Kill9)
	server, err := embedded.New(embedded.Config{
		Data: s.folder, Native: s.native, HTTP: free[2], LogDays: 1, MemoryRatio: 0.5, Reader: embedded.DefaultReaderLimits(),
	}, embedded.Deps{
		Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Engine: engine, Self: []string{s.program, "engine-clickhouse"},
		Analysts: func() ([]embedded.Analyst, error) { return nil, nil },
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	require.NoError(t, server.Ready(t.Context()))
	migrate := s.command("migrate")
	migrate.Env = append(migrate.Env, "MAILTRAIL_CLICKHOUSE_USER="+embedded.Owner, "MAILTRAIL_CLICKHOUSE_PASSWORD_FILE="+embedded.PasswordFile(s.folder, embedded.Owner))
	out, err = migrate.CombinedOutput()
	require.NoError(t, err, "%s", out)
	secret, err := os.ReadFile(embedded.PasswordFile(s.folder, embedded.Auditor))
	require.NoError(t, err)
	s.sql, err = native.Open(&native.Options{Addr: []string{s.native}, Auth: native.Auth{Username: embedded.Auditor, Password: strings.TrimSpace(string(secret))}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.sql.Close() })
	return s
}

// command is a command line of the program against these servers.
func (s *site) command(args ...string) *exec.Cmd {
	cmd := exec.Command(s.program, args...)
	cmd.Dir = s.folder
	cmd.Env = append(os.Environ(), "MAILTRAIL_MODE=external", "MAILTRAIL_DATA="+filepath.Join(s.folder, "data"), "MAILTRAIL_METRICS_LISTEN="+s.metrics,
		"MAILTRAIL_KAFKA_BROKERS="+s.broker.Addr(), "MAILTRAIL_CLICKHOUSE_ADDR="+s.native,
		"MAILTRAIL_CLICKHOUSE_USER="+embedded.Writer, "MAILTRAIL_CLICKHOUSE_PASSWORD_FILE="+embedded.PasswordFile(s.folder, embedded.Writer))
	return cmd
}

// feed writes the events to the topic and returns how many of them must get each outcome.
func (s *site) feed(events uint64) map[string]uint64 {
	client, err := kafka.New(kafka.Config{Brokers: []string{s.broker.Addr()}})
	require.NoError(s.t, err)
	defer client.Close()
	producer := client.NewProducer(16 << 20)
	defer producer.Close()
	outcomes := map[string]uint64{}
	json := uint64(float64(events) * jsonShare)
	for wire, count := range map[simulate.Wire]uint64{simulate.Protobuf: events - json, simulate.JSON: json} {
		options := simulate.Defaults(time.Now())
		options.Count, options.Wire = count, wire
		options.Seed = uint64(len(wire)) // other mail for each
		truth, _, err := simulate.ToKafka(s.t.Context(), options, simulate.KafkaConfig{Producer: producer, Concurrency: 8})
		require.NoError(s.t, err)
		for outcome, n := range truth.Totals(simulate.Kafka) {
			outcomes[outcome] += n
		}
	}
	return outcomes
}

// outcomes is what the receipts say so far.
func (s *site) outcomes() map[string]uint64 {
	rows, err := s.sql.Query(s.t.Context(), "SELECT outcome.outcome, sum(outcome.events) FROM mailtrail_data.blocks ARRAY JOIN outcomes AS outcome GROUP BY 1")
	require.NoError(s.t, err)
	defer rows.Close()
	outcomes := map[string]uint64{}
	for rows.Next() {
		var outcome string
		var events uint64
		require.NoError(s.t, rows.Scan(&outcome, &events))
		outcomes[outcome] = events
	}
	require.NoError(s.t, rows.Err())
	return outcomes
}

func (s *site) number(query string) (n uint64) {
	require.NoError(s.t, s.sql.QueryRow(s.t.Context(), query).Scan(&n))
	return n
}

// process is the ingest that is measured.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	log   string
	ended chan struct{}
}

func (s *site) ingest() *process {
	p := &process{t: s.t, cmd: s.command("ingest"), log: filepath.Join(s.folder, "ingest.log"), ended: make(chan struct{})}
	log, err := os.Create(p.log)
	require.NoError(s.t, err)
	defer log.Close()
	p.cmd.Stderr = log
	require.NoError(s.t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	s.t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
	})
	return p
}

func (p *process) said() string {
	raw, err := os.ReadFile(p.log)
	require.NoError(p.t, err)
	return string(raw[max(0, len(raw)-4000):])
}

// stop ends it in order.
func (p *process) stop() {
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-p.ended:
		require.Zero(p.t, p.cmd.ProcessState.ExitCode(), p.said())
	case <-time.After(20 * time.Second):
		require.Fail(p.t, "it does not end", p.said())
	}
}

// peak is the most memory that the process held so far, in bytes.
func (p *process) peak() int {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	require.NoError(p.t, err)
	for line := range strings.Lines(string(raw)) {
		if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			require.NoError(p.t, err)
			return kib << 10
		}
	}
	require.NoError(p.t, errors.New("/proc does not tell VmHWM"))
	return 0
}
