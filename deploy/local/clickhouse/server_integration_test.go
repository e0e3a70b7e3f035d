package clickhouse

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	native "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	dto "github.com/prometheus/client_model/go"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/engines"
	"mailtrail/deploy/local/ports"
)

func discard() zerolog.Logger { return zerolog.Nop() }

func engine(t *testing.T) engines.ClickHouse {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the ClickHouse engine")
	}
	fetcher, err := engines.New(engines.Config{}, engines.Deps{Out: os.Stderr})
	require.NoError(t, err)
	found, err := fetcher.ClickHouse(t.Context())
	require.NoError(t, err)
	return found
}

func freeConfig(t *testing.T) Config {
	t.Helper()
	addrs, err := ports.Free(2)
	require.NoError(t, err)
	return testConfig(t.TempDir(), addrs[0], addrs[1])
}

// up runs a server until the test ends, or until the function it returns is called, which waits for the end.
func up(t *testing.T, config Config, deps Deps) (*Server, func()) {
	t.Helper()
	server, err := New(config, deps)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	t.Cleanup(stop)
	require.NoError(t, server.Ready(t.Context()))
	return server, stop
}

func connect(t *testing.T, config Config, user, password string) driver.Conn {
	t.Helper()
	conn, err := native.Open(&native.Options{Addr: []string{config.Native}, Auth: native.Auth{Username: user, Password: password}, MaxOpenConns: 1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func own(t *testing.T, config Config, user string) driver.Conn {
	t.Helper()
	secret, err := os.ReadFile(PasswordFile(config.Data, user))
	require.NoError(t, err)
	return connect(t, config, user, strings.TrimSpace(string(secret)))
}

func makeTables(t *testing.T, config Config) {
	t.Helper()
	owner := own(t, config, Owner)
	for _, statement := range []string{
		"CREATE DATABASE IF NOT EXISTS mailtrail",
		"CREATE DATABASE IF NOT EXISTS mailtrail_data",
		"CREATE TABLE mailtrail_data.base (a UInt64) ENGINE = MergeTree ORDER BY a",
		"CREATE VIEW mailtrail.face DEFINER = view_definer SQL SECURITY DEFINER AS SELECT a FROM mailtrail_data.base",
		"CREATE TABLE mailtrail_data.sums (a UInt64, n UInt64) ENGINE = SummingMergeTree ORDER BY a",
		"CREATE MATERIALIZED VIEW mailtrail_data.to_sums TO mailtrail_data.sums DEFINER = view_definer SQL SECURITY DEFINER AS SELECT a, 1 AS n FROM mailtrail_data.base",
	} {
		require.NoError(t, owner.Exec(t.Context(), statement), statement)
	}
	require.NoError(t, own(t, config, Writer).Exec(t.Context(), "INSERT INTO mailtrail_data.base SELECT number FROM numbers(1000)"))
}

func count(t *testing.T, conn driver.Conn, from string) uint64 {
	t.Helper()
	var n uint64
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT count() FROM "+from).Scan(&n))
	return n
}

func TestUsersMayDoWhatTheyMay(t *testing.T) {
	config := freeConfig(t)
	up(t, config, testDeps(discard(), engine(t)))
	makeTables(t, config)
	require.NoError(t, own(t, config, Owner).Exec(t.Context(), "SYSTEM FLUSH LOGS"))
	ann := connect(t, config, "ann", "hers")
	require.EqualValues(t, 1000, count(t, ann, "mailtrail.face"), "a reader reads the view over a table that she may not read")
	require.NoError(t, ann.Exec(native.Context(t.Context(), native.WithSettings(native.Settings{"max_threads": 2, "output_format_json_quote_64bit_integers": 1})), "SELECT * FROM mailtrail.face LIMIT 1"),
		"stock clients send settings")
	for _, refused := range []struct{ statement, why string }{
		{"SELECT * FROM mailtrail_data.base", "Not enough privileges"},
		{"SELECT * FROM system.query_log", "Not enough privileges"},
		{"SELECT * FROM system.part_log", "Not enough privileges"},
		{"SELECT * FROM system.processes", "Not enough privileges"},
		{"INSERT INTO mailtrail.face VALUES (1)", "Not enough privileges"},
		{"INSERT INTO mailtrail_data.base VALUES (1)", "Not enough privileges"},
		{"CREATE TABLE mailtrail.mine (a UInt8) ENGINE = Memory", "Not enough privileges"},
		{"CREATE TEMPORARY TABLE mine (a UInt8)", "Not enough privileges"},
		{"CREATE VIEW mailtrail.mine DEFINER = view_definer SQL SECURITY DEFINER AS SELECT 1", "Not enough privileges"},
		{"ALTER TABLE mailtrail_data.base DROP PARTITION tuple()", "Not enough privileges"},
		{"DROP VIEW mailtrail.face", "Not enough privileges"},
		{"SELECT * FROM file('/etc/passwd', LineAsString)", "Not enough privileges"},
		{"SELECT * FROM url('http://127.0.0.1:1/', LineAsString)", "Not enough privileges"},
		{"SELECT * FROM remote('127.0.0.1:1', system.one)", "Not enough privileges"},
		{"SELECT * FROM mailtrail.face SETTINGS max_memory_usage = 100000000000", "shouldn't be greater"},
		{"SELECT * FROM mailtrail.face SETTINGS max_execution_time = 0", "shouldn't be less"},
		{"SELECT * FROM mailtrail.face SETTINGS max_rows_to_read = 0", "shouldn't be less"},
		{"SELECT * FROM mailtrail.face SETTINGS read_overflow_mode = 'break'", "should not be changed"},
		{"SELECT * FROM mailtrail.face SETTINGS readonly = 0", "readonly"},
		{"SYSTEM STOP LISTEN TCP", "Not enough privileges"},
		{"KILL QUERY WHERE 1 SYNC", "Not enough privileges"},
	} {
		require.ErrorContains(t, ann.Exec(t.Context(), refused.statement), refused.why, refused.statement)
	}

	writer := own(t, config, Writer)
	require.EqualValues(t, 1000, count(t, writer, "mailtrail_data.sums"), "a materialized view runs as the definer")
	require.NoError(t, writer.Exec(t.Context(), "ALTER TABLE mailtrail_data.base DROP PARTITION tuple()"))
	require.ErrorContains(t, writer.Exec(t.Context(), "DROP TABLE mailtrail_data.base"), "Not enough privileges")
	require.ErrorContains(t, writer.Exec(t.Context(), "SELECT * FROM file('/etc/passwd', LineAsString)"), "Not enough privileges")

	auditor := own(t, config, Auditor)
	require.NoError(t, own(t, config, Owner).Exec(t.Context(), "SYSTEM FLUSH LOGS"))
	require.Positive(t, count(t, auditor, "system.query_log"))
	require.Positive(t, count(t, auditor, "system.part_log"))
	require.Positive(t, count(t, auditor, "system.parts WHERE database = 'mailtrail_data'"))
	require.Zero(t, count(t, auditor, "mailtrail_data.base"))
	require.ErrorContains(t, auditor.Exec(t.Context(), "INSERT INTO mailtrail_data.base VALUES (1)"), "Not enough privileges")

	anyone := connect(t, config, "default", "")
	require.Error(t, anyone.Exec(t.Context(), "SELECT * FROM mailtrail_data.base"))
	for user, secret := range map[string]string{"ann": "not hers", Definer: ""} {
		require.Error(t, connect(t, config, user, secret).Ping(t.Context()), user)
	}
	require.Error(t, own(t, config, Definer).Ping(t.Context()), "the definer cannot log in with its own secret either")
}

func TestEngineThatDiesIsStartedAgainWithItsData(t *testing.T) {
	config := freeConfig(t)
	server, stop := up(t, config, testDeps(discard(), engine(t)))
	makeTables(t, config)
	for range 2 {
		died := server.PID()
		require.NoError(t, syscall.Kill(died, syscall.SIGKILL))
		require.Eventually(t, func() bool { pid := server.PID(); return pid != 0 && pid != died }, 30*time.Second, 10*time.Millisecond)
		require.NoError(t, server.Ready(t.Context()))
		require.EqualValues(t, 1000, count(t, own(t, config, Writer), "mailtrail_data.base"))
	}
	require.EqualValues(t, 2, restarts(t, server))
	owner := own(t, config, Owner)
	require.NoError(t, owner.Exec(t.Context(), "SYSTEM FLUSH LOGS"))
	require.Positive(t, count(t, owner, "system.query_log"), "the system's logs go on after a kill")

	begun, pid := time.Now(), server.PID()
	stop()
	require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
	require.Less(t, time.Since(begun), 5*time.Second, "the engine ends when asked, not when killed")
	up(t, config, testDeps(discard(), engine(t)))
	require.EqualValues(t, 1000, count(t, own(t, config, Writer), "mailtrail_data.base"))
}

func TestRestartKnowsNewAnalysts(t *testing.T) {
	config, analysts := freeConfig(t), []Analyst(nil)
	deps := testDeps(discard(), engine(t))
	deps.Analysts = func() ([]Analyst, error) { return analysts, nil }
	server, _ := up(t, config, deps)
	require.Error(t, connect(t, config, "bob", "his").Ping(t.Context()))
	analysts = []Analyst{{Name: "bob", PasswordSHA256: sha256Hex("his")}}
	require.NoError(t, server.Restart(t.Context()))
	require.NoError(t, connect(t, config, "bob", "his").Ping(t.Context()))
	require.Zero(t, restarts(t, server), "a restart that was asked for is no death")

	pid := server.PID()
	analysts = []Analyst{{Name: "b b", PasswordSHA256: sha256Hex("his")}}
	require.ErrorContains(t, server.Restart(t.Context()), `analyst "b b"`)
	require.Equal(t, pid, server.PID(), "with users that cannot be read, the engine goes on")
}

func TestEngineEndsWithItsKilledParent(t *testing.T) {
	config, found := freeConfig(t), engine(t)
	parent := exec.Command(os.Args[0], "parent", config.Data, config.Native, config.HTTP, found.Server, found.Library)
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, 0))
	makeTables(t, config)

	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
	require.Eventually(t, func() bool { return gone(pid) }, 2*time.Second, 10*time.Millisecond)
	up(t, config, testDeps(discard(), found))
	require.EqualValues(t, 1000, count(t, own(t, config, Writer), "mailtrail_data.base"))
}

// gone tells that a process ended, reaped or not.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func TestPortTakenNamesPortAndKey(t *testing.T) {
	config := freeConfig(t)
	for key, addr := range map[string]string{"clickhouse.http": config.HTTP, "clickhouse.addr": config.Native} {
		listener, err := net.Listen("tcp", addr)
		require.NoError(t, err)
		server, err := New(config, testDeps(discard(), engine(t)))
		require.NoError(t, err)
		err = server.Run(t.Context())
		require.ErrorIs(t, err, ports.ErrTaken)
		require.ErrorContains(t, err, addr)
		require.ErrorContains(t, err, key)
		require.NoError(t, listener.Close())
	}
}

// The look at the ports before the start can come too early: then the engine itself finds the port taken.
func TestPortTakenIsRecognisedFromTheEngine(t *testing.T) {
	config := freeConfig(t)
	server, err := New(config, testDeps(discard(), engine(t)))
	require.NoError(t, err)
	require.NoError(t, server.prepare())
	listener, err := net.Listen("tcp", config.HTTP)
	require.NoError(t, err)
	defer listener.Close()
	_, err = server.start(t.Context())
	require.ErrorIs(t, err, ports.ErrTaken)
	require.ErrorContains(t, err, "clickhouse.http")
}

func restarts(t *testing.T, server *Server) float64 {
	t.Helper()
	var metric dto.Metric
	require.NoError(t, server.restarts.Write(&metric))
	return metric.GetCounter().GetValue()
}
