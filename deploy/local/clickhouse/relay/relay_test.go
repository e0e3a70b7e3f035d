package relay

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

var ann = Logins{"ann": sha256.Sum256([]byte("hers"))}

// stage is a relay that runs before an engine played by the test.
type stage struct {
	t      *testing.T
	relay  *Relay
	addr   string
	engine net.Listener
	log    *bytes.Buffer // read once the relay has ended
	end    func()
}

func newStage(t *testing.T, change func(*Config)) *stage {
	t.Helper()
	engine, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = engine.Close() })
	config := Config{HTTP: "127.0.0.1:8123", Hello: time.Minute, Wait: time.Minute, Connections: 8}
	if change != nil {
		change(&config)
	}
	s := &stage{t: t, engine: engine, log: new(bytes.Buffer)}
	s.relay, err = New(config, Deps{Log: zerolog.New(zerolog.SyncWriter(s.log)), Metrics: prometheus.NewRegistry(), HasDatabase: func(_ context.Context, name string) (bool, error) {
		return name == "mailtrail", nil
	}})
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.addr = listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.relay.Run(ctx, listener) }()
	s.end = func() {
		cancel()
		if ended != nil {
			require.NoError(t, <-ended)
			ended = nil
		}
	}
	t.Cleanup(s.end)
	return s
}

func (s *stage) open() { s.relay.Open(s.engine.Addr().String(), ann) }

// client connects and sends.
func (s *stage) client(sent []byte) *net.TCPConn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	_, err = conn.Write(sent)
	require.NoError(s.t, err)
	return conn.(*net.TCPConn)
}

// accept takes the connection that the relay makes, and the Hello on it.
func (s *stage) accept(want []byte) *net.TCPConn {
	s.t.Helper()
	conn, err := s.engine.Accept()
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	got := make([]byte, len(want))
	_, err = io.ReadFull(conn, got)
	require.NoError(s.t, err)
	require.Equal(s.t, want, got)
	return conn.(*net.TCPConn)
}

func (s *stage) refused(reason string) float64 {
	var metric dto.Metric
	require.NoError(s.t, s.relay.metrics.refused.WithLabelValues(reason).Write(&metric))
	return metric.GetCounter().GetValue()
}

func (s *stage) connections() float64 {
	var metric dto.Metric
	require.NoError(s.t, s.relay.metrics.open.Write(&metric))
	return metric.GetGauge().GetValue()
}

func TestGoodHelloIsHandedOnAsItCame(t *testing.T) {
	s := newStage(t, nil)
	s.open()
	sent := append(helloOf("mailtrail", "ann", "hers"), "and behind it"...)
	client := s.client(sent)
	engine := s.accept(sent)
	for from, to := range map[*net.TCPConn]*net.TCPConn{client: engine, engine: client} {
		_, err := from.Write([]byte("hi"))
		require.NoError(t, err)
		got := make([]byte, 2)
		_, err = io.ReadFull(to, got)
		require.NoError(t, err)
		require.Equal(t, "hi", string(got))
	}
	require.EqualValues(t, 1, s.connections())

	require.NoError(t, engine.Close())
	_, err := client.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF, "when the engine ends a connection, the client sees it")
	require.Eventually(t, func() bool { return s.connections() == 0 }, 10*time.Second, time.Millisecond)
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		hello  []byte
		reason string
		code   proto.Error
		answer string
	}{
		"wrong password":   {helloOf("", "ann", "his"), authenticationFailed, proto.ErrAuthenticationFailed, "DB::Exception: ann: Authentication failed: password is incorrect, or there is no user with such name."},
		"no password":      {helloOf("", "ann", ""), authenticationFailed, proto.ErrAuthenticationFailed, "ann: Authentication failed"},
		"stranger":         {helloOf("", "hunter2", ""), authenticationFailed, proto.ErrAuthenticationFailed, "hunter2: Authentication failed"},
		"default":          {helloOf("", "default", ""), authenticationFailed, proto.ErrAuthenticationFailed, "default: Authentication failed"},
		"nobody":           {helloOf("", "", ""), authenticationFailed, proto.ErrAuthenticationFailed, ": Authentication failed"},
		"between servers":  {helloOf("", " INTERSERVER SECRET ", ""), authenticationFailed, proto.ErrAuthenticationFailed, "Authentication failed"},
		"unknown database": {helloOf("nowhere", "ann", "hers"), unknownDatabase, proto.ErrUnknownDatabase, "DB::Exception: Database nowhere does not exist"},
		"both wrong":       {helloOf("nowhere", "ann", "his"), authenticationFailed, proto.ErrAuthenticationFailed, "Authentication failed"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			s.open()
			client := s.client(c.hello)
			r := proto.NewReader(client)
			kind, err := r.Byte()
			require.NoError(t, err)
			require.EqualValues(t, proto.ServerCodeException, kind)
			var exception proto.Exception
			require.NoError(t, exception.DecodeAware(r, proto.Version))
			require.Equal(t, c.code, exception.Code)
			require.Equal(t, "DB::Exception", exception.Name)
			require.Contains(t, exception.Message, c.answer)
			_, err = r.Byte()
			require.ErrorIs(t, err, io.EOF)
			require.EqualValues(t, 1, s.refused(c.reason))
			require.NoError(t, client.Close())
			s.end()
			require.Contains(t, s.log.String(), c.reason)
			for _, secret := range []string{"ann", "hers", "his", "hunter2", "nowhere"} {
				require.NotContains(t, s.log.String(), `"`+secret)
			}
		})
	}
}

func TestHTTPGetsAHint(t *testing.T) {
	s := newStage(t, nil)
	client := s.client([]byte("GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n"))
	answer, err := io.ReadAll(bufio.NewReader(client))
	require.NoError(t, err)
	require.Regexp(t, `^HTTP/1.0 400 Bad Request\r\n`, string(answer))
	require.Contains(t, string(answer), "For HTTP use 127.0.0.1:8123.")
	require.EqualValues(t, 1, s.refused(notNative))
}

func TestSlowHelloIsGivenUp(t *testing.T) {
	s := newStage(t, func(c *Config) { c.Hello = time.Millisecond })
	s.open()
	_, err := s.client([]byte{0}).Read(make([]byte, 1))
	require.Error(t, err)
	require.Eventually(t, func() bool { return s.refused(brokenHello) == 1 }, 10*time.Second, time.Millisecond)
}

// However a client goes, the engine reads an orderly end, and can write all that it still wants to.
func TestEngineSeesAnOrderlyEnd(t *testing.T) {
	for name, leave := range map[string]func(*net.TCPConn) error{
		"end":   (*net.TCPConn).Close,
		"reset": func(c *net.TCPConn) error { return errors.Join(c.SetLinger(0), c.Close()) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			s.open()
			sent := helloOf("", "ann", "hers")
			client := s.client(sent)
			engine := s.accept(sent)
			_, err := engine.Write([]byte("unread, so that an end is a reset as well"))
			require.NoError(t, err)
			_, err = client.Read(make([]byte, 1))
			require.NoError(t, err)
			require.NoError(t, leave(client))
			_, err = engine.Read(make([]byte, 1))
			require.ErrorIs(t, err, io.EOF)
			_, err = engine.Write(make([]byte, 64<<20))
			require.NoError(t, err, "more than any buffer holds")
			require.EqualValues(t, 1, s.connections())
			require.NoError(t, engine.Close())
			require.Eventually(t, func() bool { return s.connections() == 0 }, 10*time.Second, time.Millisecond)
		})
	}
}

func TestClientsWaitForTheEngine(t *testing.T) {
	s := newStage(t, nil)
	sent := helloOf("", "ann", "hers")
	s.client(sent)
	s.open()
	s.accept(sent)

	s.relay.Shut()
	s.relay.Shut()
	late := s.client(helloOf("", "bob", "his"))
	s.relay.Open(s.engine.Addr().String(), Logins{"bob": sha256.Sum256([]byte("his"))})
	s.accept(helloOf("", "bob", "his"))
	require.NoError(t, late.Close())
}

func TestClientsDoNotWaitForEver(t *testing.T) {
	s := newStage(t, func(c *Config) { c.Wait = time.Millisecond })
	_, err := s.client(helloOf("", "ann", "hers")).Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	require.EqualValues(t, 1, s.refused(engineAway))

	// An engine that has died, and is not yet known to have.
	s.open()
	require.NoError(t, s.engine.Close())
	_, err = s.client(helloOf("", "ann", "hers")).Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	require.EqualValues(t, 2, s.refused(engineAway))
}

func TestConnectionsAreBounded(t *testing.T) {
	s := newStage(t, func(c *Config) { c.Connections = 1 })
	s.open()
	sent := helloOf("", "ann", "hers")
	first := s.client(sent)
	engine := s.accept(sent)
	_, err := s.client(nil).Read(make([]byte, 1))
	require.Error(t, err)
	require.EqualValues(t, 1, s.refused(tooMany))
	require.NoError(t, errors.Join(first.Close(), engine.Close()))
	require.Eventually(t, func() bool { return len(s.relay.slots) == 0 }, 10*time.Second, time.Millisecond)
	s.client(sent)
	s.accept(sent)
}

func TestRunEndsWithItsConnections(t *testing.T) {
	s := newStage(t, nil)
	s.open()
	sent := helloOf("", "ann", "hers")
	client := s.client(sent)
	s.accept(sent)
	idle := s.client(nil)
	s.end()
	for _, conn := range []net.Conn{client, idle} {
		_, err := conn.Read(make([]byte, 1))
		require.Error(t, err)
	}
	require.Zero(t, s.connections())
}

func TestNewChecks(t *testing.T) {
	_, err := New(Config{}, Deps{})
	require.ErrorContains(t, err, "every bound must be set")
	_, err = New(Config{Hello: 1, Wait: 1, Connections: 1}, Deps{})
	require.ErrorContains(t, err, "Deps are incomplete")
}
