package clickhouse

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

	local "mailtrail/deploy/local/clickhouse"
	"mailtrail/deploy/local/engines"
	"mailtrail/deploy/local/ports"
	"mailtrail/schemas/retention"
)

// The test program also plays the engine's process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "engine-clickhouse" {
		os.Exit(local.EngineMain(os.Args[2:]))
	}
	status := m.Run()
	engine.stop()
	os.Exit(status)
}

// engine is the one ClickHouse of all tests, started by the first that needs it.
var engine testEngine

type testEngine struct {
	once   sync.Once
	config local.Config
	err    error
	end    context.CancelFunc
	ended  chan error
}

const analystPassword = "hers"

func (e *testEngine) start() {
	fetcher, err := engines.New(engines.Config{}, engines.Deps{Out: os.Stderr})
	if err != nil {
		e.err = err
		return
	}
	found, err := fetcher.ClickHouse(context.Background())
	if err != nil {
		e.err = err
		return
	}
	addrs, err := ports.Free(2)
	if err != nil {
		e.err = err
		return
	}
	data, err := os.MkdirTemp("", "mailtrail-clickhouse-")
	if err != nil {
		e.err = err
		return
	}
	e.config = local.Config{Data: data, Native: addrs[0], HTTP: addrs[1], Schedule: retention.Builtin(), MemoryRatio: 0.4, Reader: local.DefaultReaderLimits()}
	server, err := local.New(e.config, local.Deps{
		Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Engine: found,
		Self: []string{os.Args[0], "engine-clickhouse"},
		Analysts: func() ([]local.Analyst, error) {
			return []local.Analyst{{Name: "ann", PasswordSHA256: "7282dc5a2015eca4afb897f24924b2a9c149287a5d3e755c52ec0ab7b81e7454"}}, nil
		},
	})
	if err != nil {
		e.err = err
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.end, e.ended = cancel, make(chan error, 1)
	go func() { e.ended <- server.Run(ctx) }()
	e.err = server.Ready(ctx)
}

func (e *testEngine) stop() {
	if e.end == nil {
		return
	}
	e.end()
	if err := <-e.ended; err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	_ = os.RemoveAll(e.config.Data)
}

// open opens a Store as one of mailtrail's own users, with the built-in
// schedule or another.
func open(t *testing.T, user string, schedule *retention.Schedule) *Store {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the ClickHouse engine")
	}
	engine.once.Do(engine.start)
	require.NoError(t, engine.err)
	store, err := Open(Config{Addr: []string{engine.config.Native}, Database: "mailtrail", User: user, Definer: local.Definer}, Deps{
		Password: func() (string, error) {
			if user == "ann" {
				return analystPassword, nil
			}
			secret, err := os.ReadFile(local.PasswordFile(engine.config.Data, user))
			return strings.TrimSpace(string(secret)), err
		},
		Schedule: schedule,
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// fresh gives new, empty tables: the owner's store and the writer's.
func fresh(t *testing.T) (owner, writer *Store) {
	t.Helper()
	owner = open(t, local.Owner, retention.Builtin())
	exec(t, owner, "DROP DATABASE IF EXISTS mailtrail SYNC")
	exec(t, owner, "DROP DATABASE IF EXISTS mailtrail_data SYNC")
	changes, err := owner.Migrate(t.Context())
	require.NoError(t, err)
	for _, change := range changes {
		require.Equal(t, Created, change.Action, change.Object)
	}
	return owner, open(t, local.Writer, retention.Builtin())
}
