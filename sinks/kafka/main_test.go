package kafka

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/broker"
	"mailtrail/deploy/local/engines"
	"mailtrail/deploy/local/ports"
	"mailtrail/deploy/local/realkafka"
)

// largest is the largest event message of the tests, the default of kafka.max_message.
const largest = 16 << 20

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "mailtrail-kafka-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	servers[0], servers[1] = &embedded{dir: filepath.Join(dir, "embedded")}, &apache{dir: filepath.Join(dir, "apache")}
	status := m.Run()
	for _, s := range servers {
		s.end()
	}
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// servers are the brokers that every integration test runs against, each started by the first test that needs it.
var servers [2]server

// server is a broker that can be killed and come back with what it had.
type server interface {
	name() string
	start() (addr string, err error)
	kill()
	restart() error
	end()
}

// onBoth runs a test against the embedded broker and against Apache Kafka.
func onBoth(t *testing.T, test func(t *testing.T, s server, c *Client)) {
	if testing.Short() {
		t.Skip("runs brokers")
	}
	for _, s := range servers {
		t.Run(s.name(), func(t *testing.T) {
			addr, err := s.start()
			require.NoError(t, err)
			client, err := New(Config{Brokers: []string{addr}})
			require.NoError(t, err)
			t.Cleanup(client.Close)
			test(t, s, client)
		})
	}
}

// embedded is the broker of the embedded stack, in this process.
type embedded struct {
	dir, addr string
	stop      context.CancelFunc
	ended     chan error
}

func (e *embedded) name() string { return "embedded" }

func (e *embedded) start() (string, error) {
	if e.addr != "" {
		return e.addr, nil
	}
	free, err := ports.Free(1)
	if err != nil {
		return "", err
	}
	e.addr = free[0]
	return e.addr, e.restart()
}

func (e *embedded) restart() error {
	b, err := broker.New(broker.Config{
		Dir: e.dir, Addr: e.addr, Partitions: 4, MaxMessage: largest, RetentionCheck: 100 * time.Millisecond, SegmentBytes: 64 << 20,
	}, broker.Deps{Log: zerolog.Nop()})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.stop, e.ended = cancel, make(chan error, 1)
	go func() { e.ended <- b.Run(ctx) }()
	return b.Ready(ctx)
}

func (e *embedded) kill() {
	e.stop()
	<-e.ended
}

func (e *embedded) end() {
	if e.stop != nil {
		e.kill()
	}
}

// apache is Apache Kafka itself, in a process of its own.
type apache struct {
	dir    string
	once   sync.Once
	err    error
	broker *realkafka.Broker
}

func (a *apache) name() string { return "apache" }

func (a *apache) start() (string, error) {
	a.once.Do(func() {
		ctx := context.Background()
		fetcher, err := engines.New(engines.Config{}, engines.Deps{Out: os.Stderr})
		if err != nil {
			a.err = err
			return
		}
		jars, err := fetcher.Kafka(ctx)
		if err != nil {
			a.err = err
			return
		}
		a.broker, a.err = realkafka.Start(ctx, realkafka.Config{
			Dir: a.dir, Kafka: jars, Overrides: map[string]string{"log.retention.check.interval.ms": "500", "log.segment.delete.delay.ms": "100"},
		})
	})
	if a.err != nil {
		return "", a.err
	}
	return a.broker.Addr(), nil
}

func (a *apache) restart() error { return a.broker.Restart(context.Background()) }
func (a *apache) kill()          { a.broker.Kill9() }

func (a *apache) end() {
	if a.broker != nil {
		a.broker.Kill9()
	}
}
