package clickhouse

import (
	"bytes"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	native "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// lines is a log that several may write.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// ask connects as a client of its own and does a statement.
func ask(t *testing.T, config Config, auth native.Auth, statement string) error {
	t.Helper()
	conn, err := native.Open(&native.Options{Addr: []string{config.Native}, Auth: auth})
	require.NoError(t, err)
	defer conn.Close()
	return conn.Exec(t.Context(), statement)
}

func TestEngineOutlivesClientsThatAreRefused(t *testing.T) {
	config, said := freeConfig(t), &lines{}
	server, _ := up(t, config, testDeps(zerolog.New(said), engine(t)))
	pid := server.PID()
	writer := native.Auth{Username: Writer, Password: secret(t, config, Writer)}
	in := func(database string) native.Auth {
		return native.Auth{Database: database, Username: "ann", Password: "hers"}
	}
	for range 5 {
		for _, c := range []struct {
			auth    native.Auth
			code    int32
			message string
		}{
			{native.Auth{Username: "ann", Password: "not hers"}, 516, "ann: Authentication failed: password is incorrect, or there is no user with such name."},
			{native.Auth{Username: "ann"}, 516, "ann: Authentication failed: "},
			{native.Auth{Username: "hunter2", Password: "hers"}, 516, "hunter2: Authentication failed: "},
			{native.Auth{Username: Definer, Password: secret(t, config, Definer)}, 516, "view_definer: Authentication failed: "},
			{native.Auth{Username: "ann", Password: "hers", Database: "nowhere"}, 81, "Database nowhere does not exist"},
			{in("mailtrail"), 81, "Database mailtrail does not exist"}, // before it is made
			{in("odd'\\\t\n\x00\"`name"), 81, "does not exist"},
		} {
			err := ask(t, config, c.auth, "SELECT 1")
			var exception *native.Exception
			require.ErrorAs(t, err, &exception, "%+v", c.auth)
			require.Equal(t, c.code, exception.Code)
			require.Contains(t, exception.Message, c.message)
		}
	}
	makeTables(t, config)
	for _, database := range []string{"", "default", "system", "information_schema", "INFORMATION_SCHEMA", "mailtrail", "mailtrail_data"} {
		require.NoError(t, ask(t, config, in(database), "SELECT 1"), "%q", database)
	}
	require.NoError(t, ask(t, config, writer, "SELECT 1"))

	require.Equal(t, pid, server.PID())
	log, err := os.ReadFile(server.paths.log)
	require.NoError(t, err)
	require.NotContains(t, string(log), "<Fatal>")
	require.Contains(t, said.String(), "authentication_failed")
	require.NotContains(t, said.String(), "hunter2", "a name that nobody has may be a password")
}

// HTTP on the native port ends with a hint, and so does nothing to the engine; what is no protocol at all just ends.
func TestOtherProtocolsAreTurnedAway(t *testing.T) {
	config := freeConfig(t)
	server, _ := up(t, config, testDeps(discard(), engine(t)))
	pid := server.PID()
	for sent, want := range map[string]string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n": config.HTTP, "\x16\x03\x01\x02\x00\x01\x00\x01": ""} {
		conn, err := net.Dial("tcp", config.Native)
		require.NoError(t, err)
		_, err = conn.Write([]byte(sent))
		require.NoError(t, err)
		answer, err := io.ReadAll(conn)
		if want == "" {
			require.Empty(t, answer)
			continue
		}
		require.NoError(t, err)
		require.Contains(t, string(answer), want)
	}
	require.Equal(t, pid, server.PID())
}

// Clients that come while the engine is away wait for it, and the engine may come back on another private port.
func TestClientsWaitForAnEngineThatIsAway(t *testing.T) {
	config := freeConfig(t)
	server, _ := up(t, config, testDeps(discard(), engine(t)))
	makeTables(t, config)
	writer := native.Auth{Username: Writer, Password: secret(t, config, Writer), Database: "mailtrail_data"}
	before := server.native
	require.NoError(t, syscall.Kill(server.PID(), syscall.SIGKILL))
	require.Eventually(t, func() bool { return server.PID() == 0 }, 10*time.Second, time.Millisecond)
	require.NoError(t, ask(t, config, writer, "SELECT count() FROM base"), "it waits, and needs no second try")
	require.NoError(t, server.Ready(t.Context()))
	require.NotEqual(t, before, server.native)

	restarted := make(chan error, 1)
	go func() { restarted <- server.Restart(t.Context()) }()
	require.Eventually(t, func() bool { return server.PID() == 0 }, 10*time.Second, time.Millisecond)
	require.NoError(t, ask(t, config, writer, "SELECT count() FROM base"))
	require.NoError(t, <-restarted)
}

func TestPrivatePortThatWasTakenIsChosenAnew(t *testing.T) {
	config := freeConfig(t)
	server, err := New(config, testDeps(discard(), engine(t)))
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	asked := 0
	server.private = func(http string) (string, error) {
		if asked++; asked == 1 {
			return listener.Addr().String(), nil
		}
		return privatePort(http)
	}
	require.NoError(t, server.prepare())
	c, err := server.start(t.Context())
	require.NoError(t, err)
	defer c.Stop(server.ask(c))
	require.Equal(t, 2, asked)
}
