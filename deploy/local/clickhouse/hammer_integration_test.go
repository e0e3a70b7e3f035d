package clickhouse

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	native "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/stretchr/testify/require"
)

// Clients that vanish at any byte, by a reset or by an end, must not take the engine with them.
func TestEngineOutlivesClientsThatVanish(t *testing.T) {
	config := freeConfig(t)
	server, _ := up(t, config, testDeps(discard(), engine(t)))
	makeTables(t, config)
	pid := server.PID()
	for round := range 200 {
		vanish(t, config, round)
		require.Equal(t, pid, server.PID(), "round %d", round)
	}
	require.GreaterOrEqual(t, count(t, own(t, config, Writer), "mailtrail_data.base"), uint64(1000))
	require.Zero(t, restarts(t, server))
	// An engine that breaks is still there for a second or two, but writes this first.
	log, err := os.ReadFile(server.paths.log)
	require.NoError(t, err)
	require.NotContains(t, string(log), "<Fatal>")
}

// vanish connects, works, and is gone in the middle: of an answer, of an insert's data, or of the handshake.
func vanish(t *testing.T, config Config, round int) {
	t.Helper()
	var reads, writes int64 = 1 << 60, 1 << 60
	work := selectMuch
	switch round % 4 {
	case 0:
		reads = rand.Int64N(8 << 20)
	case 1:
		writes, work = 1000+rand.Int64N(8<<20), insertMuch
	case 2:
		writes = rand.Int64N(200)
	case 3:
		reads = rand.Int64N(60)
	}
	var cut *cutConn
	options := &native.Options{
		Addr: []string{config.Native}, Auth: native.Auth{Username: Writer, Password: secret(t, config, Writer)}, MaxOpenConns: 1,
		DialContext: func(ctx context.Context, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
			if err != nil {
				return nil, err
			}
			cut = newCutConn(conn.(*net.TCPConn), reads, writes, round%8 < 6)
			return cut, nil
		},
	}
	conn, err := native.Open(options)
	require.NoError(t, err)
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.Error(t, work(ctx, conn), "round %d", round)
	require.True(t, cut.done.Load(), "round %d: it must have been cut", round)
}

func selectMuch(ctx context.Context, conn driver.Conn) error {
	rows, err := conn.Query(ctx, "SELECT number, toString(number) FROM system.numbers LIMIT 100000000")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

func insertMuch(ctx context.Context, conn driver.Conn) error {
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO mailtrail_data.base")
	if err != nil {
		return err
	}
	numbers := make([]uint64, 100_000)
	for {
		for i := range numbers {
			numbers[i] = rand.Uint64() // so that compression does not shrink them
		}
		if err := errors.Join(batch.Column(0).Append(numbers), batch.Flush()); err != nil {
			return err
		}
	}
}

// cutConn is a connection that ends after so many bytes.
type cutConn struct {
	*net.TCPConn
	reads, writes atomic.Int64 // how many are left
	reset         bool
	done          atomic.Bool
}

func newCutConn(conn *net.TCPConn, reads, writes int64, reset bool) *cutConn {
	c := &cutConn{TCPConn: conn, reset: reset}
	c.reads.Store(reads)
	c.writes.Store(writes)
	return c
}

var errCut = errors.New("the test cut this connection")

func (c *cutConn) Read(p []byte) (int, error) {
	left := c.reads.Load()
	n, err := c.TCPConn.Read(p[:min(int64(len(p)), max(left, 1))])
	if c.reads.Add(-int64(n)) <= 0 && err == nil {
		return n, c.cut()
	}
	return n, err
}

func (c *cutConn) Write(p []byte) (int, error) {
	left := max(c.writes.Load(), 0)
	if int64(len(p)) < left {
		n, err := c.TCPConn.Write(p)
		c.writes.Add(-int64(n))
		return n, err
	}
	n, err := c.TCPConn.Write(p[:left])
	return n, errors.Join(err, c.cut())
}

func (c *cutConn) cut() error {
	c.done.Store(true)
	if c.reset {
		return errors.Join(errCut, c.TCPConn.SetLinger(0), c.TCPConn.Close())
	}
	return errors.Join(errCut, c.TCPConn.Close())
}

func secret(t *testing.T, config Config, user string) string {
	t.Helper()
	secret, err := os.ReadFile(PasswordFile(config.Data, user))
	require.NoError(t, err)
	return strings.TrimSpace(string(secret))
}
