package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	native "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/deploy/local/engines"
	"mailtrail/deploy/local/ports"
	"mailtrail/deploy/local/realkafka"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/kafka"
)

// Stack is one Apache Kafka and one ClickHouse, with mailtrail's topics and tables. Close it.
type Stack struct {
	// Folder holds the data and the logs of everything.
	Folder string
	// Broker is Apache Kafka.
	Broker *realkafka.Broker
	// Kafka is a client of it.
	Kafka *kafka.Client
	// Native is where ClickHouse itself takes the native protocol, host:port.
	Native string
	// HTTP is where it takes HTTP, host:port.
	HTTP string
	// SQL is a connection as the auditor, who reads everything and changes nothing.
	SQL driver.Conn

	program string
	options Options
	engine  *embedded.Server
	undo    []func()
}

// Options are what a test may have otherwise than as shipped. The zero value is as shipped.
type Options struct {
	// Schedule is the path of a retention schedule; empty is the built-in one.
	Schedule string
	// Broker are further lines of Apache Kafka's server.properties.
	Broker map[string]string
}

// Start starts both servers and lets `mailtrail migrate` make topics and tables. The program is one that Build made;
// the folder must exist, have room, and be new.
func Start(ctx context.Context, folder, program string) (*Stack, error) {
	return StartWith(ctx, folder, program, Options{})
}

// StartWith is Start with options.
func StartWith(ctx context.Context, folder, program string, options Options) (*Stack, error) {
	s := &Stack{Folder: folder, program: program, options: options}
	if err := s.start(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("start the stack: %w", err)
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context) error {
	fetcher, err := engines.New(engines.Config{}, engines.Deps{Out: os.Stderr})
	if err != nil {
		return err
	}
	if err := s.startKafka(ctx, fetcher); err != nil {
		return err
	}
	if err := s.startClickHouse(ctx, fetcher); err != nil {
		return err
	}
	migrate := s.Command("migrate")
	migrate.Env = append(migrate.Env, s.user(embedded.Owner)...)
	if out, err := migrate.CombinedOutput(); err != nil {
		return fmt.Errorf("migrate: %w: %s", err, out)
	}
	if s.SQL, err = s.Connect(embedded.Auditor); err != nil {
		return err
	}
	return s.startKeeper()
}

// startKeeper starts the role that serves slot keys, without which ingest takes nothing in.
func (s *Stack) startKeeper() error {
	keeper, err := s.Start("retention run", "MAILTRAIL_KEYS_LISTEN="+s.keysSocket())
	if err != nil {
		return err
	}
	s.undo = append(s.undo, keeper.Kill)
	return keeper.Ready(time.Minute)
}

func (s *Stack) keysSocket() string { return "unix:" + filepath.Join(s.Folder, "keys.sock") }

func (s *Stack) startKafka(ctx context.Context, fetcher *engines.Fetcher) error {
	jars, err := fetcher.Kafka(ctx)
	if err != nil {
		return err
	}
	if s.Broker, err = realkafka.Start(ctx, realkafka.Config{Dir: filepath.Join(s.Folder, "kafka"), Kafka: jars, Overrides: s.options.Broker}); err != nil {
		return err
	}
	s.undo = append(s.undo, s.Broker.Kill9)
	if s.Kafka, err = kafka.New(kafka.Config{Brokers: []string{s.Broker.Addr()}}); err != nil {
		return err
	}
	s.undo = append(s.undo, s.Kafka.Close)
	return nil
}

func (s *Stack) startClickHouse(ctx context.Context, fetcher *engines.Fetcher) error {
	engine, err := fetcher.ClickHouse(ctx)
	if err != nil {
		return err
	}
	schedule, err := s.schedule()
	if err != nil {
		return err
	}
	free, err := ports.Free(2)
	if err != nil {
		return err
	}
	s.engine, err = embedded.New(embedded.Config{
		Data: s.Folder, Native: free[0], HTTP: free[1], Schedule: schedule, MemoryRatio: 0.5, Reader: embedded.DefaultReaderLimits(),
	}, embedded.Deps{
		Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Engine: engine, Self: []string{s.program, "engine-clickhouse"},
		Analysts: func() ([]embedded.Analyst, error) { return nil, nil },
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- s.engine.Run(ctx) }()
	s.undo = append(s.undo, func() {
		cancel()
		<-ended
	})
	if err := s.engine.Ready(ctx); err != nil {
		return err
	}
	s.HTTP = free[1]
	s.Native, err = ownAddress(s.Folder, free[0])
	return err
}

func (s *Stack) schedule() (*retention.Schedule, error) {
	if s.options.Schedule == "" {
		return retention.Builtin(), nil
	}
	text, err := os.ReadFile(s.options.Schedule)
	if err != nil {
		return nil, err
	}
	return retention.Parse(text)
}

// ownAddress is where the engine itself listens. The embedded engine has a relay before it, which would run in the process
// of the test and take its share of the cores; a server of its own has none.
func ownAddress(folder, public string) (string, error) {
	config, err := os.ReadFile(filepath.Join(folder, "clickhouse", "etc", "config.xml"))
	if err != nil {
		return "", err
	}
	_, rest, found := strings.Cut(string(config), "<tcp_port>")
	port, _, ended := strings.Cut(rest, "</tcp_port>")
	host, _, _ := strings.Cut(public, ":")
	if !found || !ended {
		return "", fmt.Errorf("the configuration of ClickHouse in %s names no tcp_port", folder)
	}
	return host + ":" + port, nil
}

// Connect opens a connection to ClickHouse as one of its users (embedded.Owner, Writer, Auditor). Stack.Close closes it.
func (s *Stack) Connect(user string) (driver.Conn, error) {
	secret, err := s.Password(user)
	if err != nil {
		return nil, err
	}
	conn, err := native.Open(&native.Options{Addr: []string{s.Native}, Auth: native.Auth{Username: user, Password: secret}})
	if err != nil {
		return nil, err
	}
	s.undo = append(s.undo, func() { _ = conn.Close() })
	return conn, nil
}

// Password is the password of a user of ClickHouse.
func (s *Stack) Password(user string) (string, error) {
	secret, err := os.ReadFile(embedded.PasswordFile(s.Folder, user))
	return strings.TrimSpace(string(secret)), err
}

// Command is a command line of mailtrail against this stack, not started yet.
func (s *Stack) Command(args ...string) *exec.Cmd {
	cmd := exec.Command(s.program, args...)
	cmd.Dir = s.Folder
	cmd.Env = append(os.Environ(), "MAILTRAIL_MODE=external", "MAILTRAIL_DATA="+filepath.Join(s.Folder, "data"),
		"MAILTRAIL_KAFKA_BROKERS="+s.Broker.Addr(), "MAILTRAIL_CLICKHOUSE_ADDR="+s.Native,
		"MAILTRAIL_KEYS_CONNECT="+s.keysSocket(), "MAILTRAIL_RETENTION_SCHEDULE="+s.options.Schedule)
	cmd.Env = append(cmd.Env, s.user(embedded.Writer)...)
	return cmd
}

func (s *Stack) user(name string) []string {
	return []string{"MAILTRAIL_CLICKHOUSE_USER=" + name, "MAILTRAIL_CLICKHOUSE_PASSWORD_FILE=" + embedded.PasswordFile(s.Folder, name)}
}

// Close ends everything and leaves the folder.
func (s *Stack) Close() {
	for i := len(s.undo) - 1; i >= 0; i-- {
		s.undo[i]()
	}
	s.undo = nil
}

// Build builds mailtrail into the folder and returns the program's path.
func Build(folder string) (string, error) {
	path := filepath.Join(folder, "mailtrail")
	build := exec.Command("go", "build", "-trimpath", "-o", path, "mailtrail/cmd/mailtrail")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build mailtrail: %w: %s", err, out)
	}
	return path, nil
}
