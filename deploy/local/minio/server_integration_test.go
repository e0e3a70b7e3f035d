package minio

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	client "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/engines"
	"mailtrail/deploy/local/ports"
	"mailtrail/schemas/retention"
)

func program(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("runs MinIO")
	}
	fetcher, err := engines.New(engines.Config{}, engines.Deps{Out: os.Stderr})
	require.NoError(t, err)
	found, err := fetcher.MinIO(t.Context())
	require.NoError(t, err)
	return found
}

func freeConfig(t *testing.T) Config {
	t.Helper()
	addrs, err := ports.Free(1)
	require.NoError(t, err)
	return Config{Data: t.TempDir(), Addr: addrs[0], Schedule: retention.Builtin()}
}

// run runs a server and returns it with what ends it; ended gets what Run returns.
func run(t *testing.T, config Config, deps Deps) (server *Server, ended chan error, stop func()) {
	t.Helper()
	deps.Metrics = prometheus.NewRegistry()
	if deps.Program == "" {
		deps.Program = program(t)
	}
	server, err := New(config, deps)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended = make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-server.life.Ended() })
	t.Cleanup(stop)
	return server, ended, stop
}

func connect(t *testing.T, config Config) *client.Client {
	t.Helper()
	secret, err := os.ReadFile(SecretFile(config.Data))
	require.NoError(t, err)
	c, err := client.New(config.Addr, &client.Options{Creds: credentials.NewStaticV4(AccessKey, strings.TrimSpace(string(secret)), "")})
	require.NoError(t, err)
	return c
}

func restarts(t *testing.T, s *Server) float64 {
	t.Helper()
	var m dto.Metric
	require.NoError(t, s.restarts.Write(&m))
	return m.GetCounter().GetValue()
}

func TestItServesItsAccountAloneAndKeepsItsSecret(t *testing.T) {
	found := program(t) // under the home that it is kept in
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("MINIO_BROWSER", "on") // of the person who starts us: nothing of MinIO's is taken over
	var log bytes.Buffer
	config := freeConfig(t)
	server, ended, stop := run(t, config, Deps{Program: found, Log: zerolog.New(zerolog.SyncWriter(&log)).Level(zerolog.TraceLevel)})
	require.NoError(t, server.Ready(t.Context()))
	c := connect(t, config)
	require.NoError(t, c.MakeBucket(t.Context(), "bucket", client.MakeBucketOptions{}))

	stranger, err := client.New(config.Addr, &client.Options{Creds: credentials.NewStaticV4("minioadmin", "minioadmin", "")})
	require.NoError(t, err)
	_, err = stranger.ListBuckets(t.Context())
	require.ErrorContains(t, err, "Access Key Id", "MinIO's own default account does not come in")

	secret, err := os.ReadFile(SecretFile(config.Data))
	require.NoError(t, err)
	info, err := os.Stat(SecretFile(config.Data))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	proc := filepath.Join("/proc", strconv.Itoa(server.PID()))
	for _, name := range []string{"cmdline", "environ"} {
		if raw, err := os.ReadFile(filepath.Join(proc, name)); err == nil {
			require.Contains(t, string(raw), "minio")
			require.NotContains(t, string(raw), strings.TrimSpace(string(secret)), name)
		}
	}
	for _, address := range listening(t, server.PID()) {
		host, port, err := net.SplitHostPort(address)
		require.NoError(t, err)
		require.True(t, net.ParseIP(host).IsLoopback(), address)
		require.Equal(t, config.Addr[strings.LastIndex(config.Addr, ":")+1:], port, "no console")
	}
	stop()
	require.NoError(t, <-ended)
	require.NotContains(t, log.String(), strings.TrimSpace(string(secret)))
	require.Contains(t, log.String(), "MinIO is ready")
	entries, err := os.ReadDir(home)
	require.NoError(t, err)
	require.Empty(t, entries, "it writes nothing outside of the data folder")
}

func TestOneThatDiesComesBackWithItsObjects(t *testing.T) {
	config := freeConfig(t)
	server, _, _ := run(t, config, Deps{Log: zerolog.Nop()})
	require.NoError(t, server.Ready(t.Context()))
	c := connect(t, config)
	require.NoError(t, c.MakeBucket(t.Context(), "bucket", client.MakeBucketOptions{}))
	_, err := c.PutObject(t.Context(), "bucket", "k", strings.NewReader("kept"), 4, client.PutObjectOptions{})
	require.NoError(t, err)
	first := server.PID()
	require.NoError(t, syscall.Kill(first, syscall.SIGKILL))
	require.Eventually(t, func() bool { pid := server.PID(); return pid != 0 && pid != first }, 30*time.Second, 20*time.Millisecond)
	require.NoError(t, server.Ready(t.Context()))
	require.EqualValues(t, 1, restarts(t, server))
	info, err := c.StatObject(t.Context(), "bucket", "k", client.StatObjectOptions{})
	require.NoError(t, err)
	require.EqualValues(t, 4, info.Size)
}

func TestItEndsWithAParentThatIsKilled(t *testing.T) {
	config := freeConfig(t)
	command := exec.Command(os.Args[0], "parent", config.Data, config.Addr, program(t))
	command.Stderr = t.Output()
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)

	// While it runs nobody else gets its folder; when its parent is gone, the next one takes over at once.
	other, err := New(Config{Data: config.Data, Addr: config.Addr, Schedule: config.Schedule}, Deps{Metrics: prometheus.NewRegistry(), Program: "minio"})
	require.NoError(t, err)
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	_, err = other.lock(short)
	cancel()
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, strconv.Itoa(pid), other.holder())

	require.NoError(t, command.Process.Kill())
	_ = command.Wait()
	next, _, _ := run(t, config, Deps{Log: zerolog.Nop()})
	require.NoError(t, next.Ready(t.Context()))
}

func TestAPortThatIsTakenIsNamed(t *testing.T) {
	config := freeConfig(t)
	listener, err := net.Listen("tcp", config.Addr)
	require.NoError(t, err)
	defer listener.Close()
	server, _, _ := run(t, config, Deps{Log: zerolog.Nop()})
	err = server.Ready(t.Context())
	require.ErrorIs(t, err, ports.ErrTaken)
	require.ErrorContains(t, err, "set objects.endpoint to another address")
}

func TestItListensOnThisMachineAlone(t *testing.T) {
	_, err := New(Config{Data: "d", Addr: "0.0.0.0:9100", Schedule: retention.Builtin()}, Deps{Metrics: prometheus.NewRegistry(), Program: "minio"})
	require.ErrorContains(t, err, "objects.endpoint: the embedded MinIO listens on this machine alone")
}

func TestLinesOfMinIOReachTheLog(t *testing.T) {
	var log bytes.Buffer
	l := &lines{log: zerolog.New(&log)}
	for _, part := range []string{`{"level":"INFO","mess`, "age\":\"fine\"}\n{\"level\":\"ERROR\",\"error\":{\"message\":\"drive away\"}}\npanic: x\n", strings.Repeat("y", 2*longestLine)} {
		n, err := l.Write([]byte(part))
		require.NoError(t, err)
		require.Len(t, part, n)
	}
	require.Equal(t, `{"level":"debug","said":"fine","message":"MinIO says"}
{"level":"warn","said":"drive away","message":"MinIO says"}
{"level":"warn","said":"panic: x","message":"MinIO says"}
`, log.String())
	require.Empty(t, l.rest)
}

// listening are the addresses on which a process listens, where the system says so.
func listening(t *testing.T, pid int) (addresses []string) {
	t.Helper()
	sockets := map[string]bool{}
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, "socket:[") {
			sockets[strings.Trim(target, "socket:[]")] = true
		}
	}
	for _, name := range []string{"tcp", "tcp6"} {
		raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, name))
		for line := range strings.Lines(string(raw)) {
			fields := strings.Fields(line)
			if len(fields) > 9 && fields[3] == "0A" && sockets[fields[9]] {
				addresses = append(addresses, hexAddress(t, fields[1]))
			}
		}
	}
	return addresses
}

// hexAddress reads an address as /proc/net/tcp writes it: words of 32 bits, least byte first.
func hexAddress(t *testing.T, text string) string {
	t.Helper()
	host, port, _ := strings.Cut(text, ":")
	number, err := strconv.ParseUint(port, 16, 16)
	require.NoError(t, err)
	var ip net.IP
	for i := 0; i < len(host); i += 8 {
		word, err := strconv.ParseUint(host[i:i+8], 16, 32)
		require.NoError(t, err)
		ip = append(ip, byte(word), byte(word>>8), byte(word>>16), byte(word>>24))
	}
	return net.JoinHostPort(ip.String(), strconv.FormatUint(number, 10))
}
