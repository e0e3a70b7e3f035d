package race

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	native "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/clickhouse"
	"mailtrail/deploy/local/ports"
	"mailtrail/schemas/retention"
)

// The user that makes and asks everything but mailtrail's own tables. It may do anything.
const (
	user     = "racer"
	password = "racer"
)

// overrides are what this server has otherwise than mailtrail's embedded one: threads for consumers of the Kafka engine,
// as many as ClickHouse's own default has.
const overrides = `<clickhouse><background_message_broker_schedule_pool_size>16</background_message_broker_schedule_pool_size></clickhouse>`

const users = `<clickhouse><users><racer>
<password>racer</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
</racer></users></clickhouse>`

// server is the ClickHouse engine of one run.
type server struct {
	t            *testing.T
	data         string
	native, http string // where the engine itself listens, host:port
	engine       *clickhouse.Server
	sql          driver.Conn
}

// startServer starts a server on a new folder.
func (s *stage) startServer(folder string) *server {
	t := s.t
	free, err := ports.Free(2)
	require.NoError(t, err)
	srv := &server{t: t, data: folder, http: free[1]}
	etc := filepath.Join(folder, "clickhouse", "etc")
	for name, text := range map[string]string{"config.d": overrides, "users.d": users} {
		require.NoError(t, os.MkdirAll(filepath.Join(etc, name), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(etc, name, "race.xml"), []byte(text), 0o600))
	}
	srv.engine, err = clickhouse.New(clickhouse.Config{
		Data: folder, Native: free[0], HTTP: free[1], Schedule: retention.Builtin(), MemoryRatio: 0.5, Reader: clickhouse.DefaultReaderLimits(),
	}, clickhouse.Deps{
		Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Engine: s.engine, Self: []string{s.program, "engine-clickhouse"},
		Analysts: func() ([]clickhouse.Analyst, error) { return nil, nil },
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- srv.engine.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	require.NoError(t, srv.engine.Ready(t.Context()))
	// A relay stands before the engine's port in this process; in a race everybody goes to the engine itself.
	config, err := os.ReadFile(filepath.Join(etc, "config.xml"))
	require.NoError(t, err)
	srv.native = net.JoinHostPort("127.0.0.1", string(regexp.MustCompile(`<tcp_port>(\d+)<`).FindSubmatch(config)[1]))
	srv.sql, err = native.Open(&native.Options{Addr: []string{srv.native}, Auth: native.Auth{Username: user, Password: password}, Settings: native.Settings{"log_queries": 0}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = srv.sql.Close() })
	return srv
}

func (s *server) exec(statement string) {
	require.NoError(s.t, s.sql.Exec(s.t.Context(), statement), statement)
}

// parts are the active parts of tables.
type parts struct {
	rows, bytes, count uint64
}

// partsOf looks at the parts of tables, each as database.table; database.* means all of a database.
func (s *server) partsOf(tables ...string) (p parts) {
	var either []string
	for _, table := range tables {
		database, name, _ := strings.Cut(table, ".")
		condition := "database = '" + database + "'"
		if name != "*" {
			condition += " AND table = '" + name + "'"
		}
		either = append(either, "("+condition+")")
	}
	query := "SELECT sum(rows), sum(bytes_on_disk), count() FROM system.parts WHERE active AND (" + strings.Join(either, " OR ") + ")"
	require.NoError(s.t, s.sql.QueryRow(s.t.Context(), query).Scan(&p.rows, &p.bytes, &p.count), query)
	return p
}

// merging tells how many merges of other databases than system run.
func (s *server) merging() (n uint64) {
	require.NoError(s.t, s.sql.QueryRow(s.t.Context(), "SELECT count() FROM system.merges WHERE database != 'system'").Scan(&n))
	return n
}

// contentOf makes all messages again from a table's rows.
func (s *server) contentOf(table string, columns map[string]string) (c content) {
	query := "SELECT count(), sum(xxHash64(message)), sum(length(message)) FROM (SELECT " + messageSQL(columns) + " AS message FROM " + table + ")"
	require.NoError(s.t, s.sql.QueryRow(s.t.Context(), query).Scan(&c.rows, &c.hash, &c.size), query)
	return c
}
