package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
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
	"mailtrail/schemas/retention"
)

// The tests of this kind use the program as people do: built once, run as a process of its own, seen from outside.

// programFolder is where the program is built; TestMain makes and removes it.
var programFolder string

// program builds the program once for all tests and returns its path.
var program = sync.OnceValues(func() (string, error) { return buildProgram("mailtrail") })

// faultyProgram is the program with the points at which MAILTRAIL_KILL_AT ends it.
func faultyProgram(t *testing.T) string {
	t.Helper()
	path, err := buildProgram("mailtrail-faults", "-tags", "faults")
	require.NoError(t, err)
	return path
}

func buildProgram(name string, flags ...string) (string, error) {
	path := filepath.Join(programFolder, name)
	build := exec.Command("go", append(append([]string{"build"}, flags...), "-o", path, ".")...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w: %s", err, out)
	}
	return path, nil
}

func TestMain(m *testing.M) {
	var err error
	if programFolder, err = os.MkdirTemp("", "mailtrail-program-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	_ = os.RemoveAll(programFolder)
	os.Exit(status)
}

// fetched makes sure that what `up` starts is on the machine: what it takes to fetch it is not part of a start.
var fetched = sync.OnceValue(func() error {
	fetcher, err := engines.New(engines.Config{}, engines.Deps{Out: os.Stderr})
	if err != nil {
		return err
	}
	_, err = fetcher.ClickHouse(context.Background())
	_, minioErr := fetcher.MinIO(context.Background())
	return errors.Join(err, minioErr)
})

// site is one installation: a data folder, addresses, and the program.
type site struct {
	t       *testing.T
	program string
	data    string
	env     []string // beside that of the test
	// flags stand behind every command line.
	flags                                                         []string
	gateway, api, metrics, brokers, native, http, objects, images string
	broker                                                        *realkafka.Broker   // of an installation of roles
	objectStack                                                   *objectStack        // the MinIO of an installation of roles: see withObjects
	credentials                                                   *syscall.Credential // of another user, or nil
}

// newSite makes an installation of its own, with nothing running.
func newSite(t *testing.T) *site {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the whole program")
	}
	require.NoError(t, fetched())
	path, err := program()
	require.NoError(t, err)
	free, err := ports.Free(8)
	require.NoError(t, err)
	s := &site{t: t, program: path, data: filepath.Join(t.TempDir(), "data")}
	s.gateway, s.api, s.metrics, s.brokers, s.native, s.http, s.objects, s.images = free[0], free[1], free[2], free[3], free[4], free[5], free[6], free[7]
	return s.at(s.data)
}

// at is the same installation with another data folder.
func (s *site) at(data string) *site {
	c := *s
	c.data = data
	c.flags = []string{"--data", data, "--set", "gateway.listen=" + s.gateway, "--set", "api.listen=" + s.api, "--set", "metrics.listen=" + s.metrics,
		"--set", "kafka.brokers=" + s.brokers, "--set", "clickhouse.addr=" + s.native, "--set", "clickhouse.http=" + s.http,
		"--set", "objects.endpoint=" + s.objects, "--set", "images.listen=" + s.images}
	return &c
}

// with is the same installation with further flags.
func (s *site) with(flags ...string) *site {
	c := *s
	c.flags = append(append([]string(nil), s.flags...), flags...)
	return &c
}

// withEnv is the same installation with a further variable of the environment.
func (s *site) withEnv(variable string) *site {
	c := *s
	c.env = append(append([]string(nil), s.env...), variable)
	return &c
}

// as is the same installation for another test, as a part of the first.
func (s *site) as(t *testing.T) *site {
	c := *s
	c.t = t
	return &c
}

// run runs a command to its end.
func (s *site) run(args ...string) outcome {
	s.t.Helper()
	p := s.start(args...)
	status := p.wait(2 * time.Minute)
	return outcome{status, p.stdout.String(), p.stderr.String()}
}

// do runs a command that must succeed and returns what it printed.
func (s *site) do(args ...string) string {
	s.t.Helper()
	got := s.run(args...)
	require.Zero(s.t, got.status, "%v: %s", args, got.stderr)
	return strings.TrimSpace(got.stdout)
}

// process is a running program.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout, stderr *output
	ended          chan struct{}
}

// output is what a process said so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start starts a command; it is killed at the end of the test if it still runs.
func (s *site) start(args ...string) *process {
	s.t.Helper()
	p := &process{t: s.t, stdout: &output{}, stderr: &output{}, ended: make(chan struct{})}
	p.cmd = exec.Command(s.program, append(args, s.flags...)...)
	p.cmd.Env = append(os.Environ(), s.env...)
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.WaitDelay = p.stdout, p.stderr, time.Second
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.credentials}
	p.cmd.Dir = filepath.Dir(s.program)
	dieWithTest(p.cmd)
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the kernel ends a child with the thread that started it
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait()
			close(p.ended)
		}
	}()
	require.NoError(s.t, <-started)
	s.t.Cleanup(func() {
		if s.t.Failed() {
			s.t.Logf("%v said:\n%s", args, lastBytes(p.stderr.String(), 8000))
		}
		select {
		case <-p.ended:
		default:
			_ = p.cmd.Process.Kill()
			<-p.ended
		}
	})
	return p
}

func lastBytes(text string, n int) string { return text[max(0, len(text)-n):] }

// wait returns the exit status, and fails the test when the process does not end in time.
func (p *process) wait(within time.Duration) int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(within):
		require.FailNow(p.t, "the program did not end within "+within.String(), p.stderr.String())
		return -1
	}
}

// stop ends a process as an operator does, and asserts that it ends in order.
func (p *process) stop() {
	p.t.Helper()
	select {
	case <-p.ended:
		require.FailNow(p.t, "it ended by itself", p.stderr.String())
	default:
	}
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.Zero(p.t, p.wait(20*time.Second), "SIGTERM ends it in order within 20 s: %s", lastBytes(p.stderr.String(), 4000))
}

// says waits until the process has said something.
func (p *process) says(text string, within time.Duration) {
	p.t.Helper()
	eventually(p.t, within, func() error {
		if strings.Contains(p.stderr.String(), text) {
			return nil
		}
		select {
		case <-p.ended:
			return fatal{fmt.Errorf("it ended without saying %q: %s", text, p.stderr.String())}
		default:
			return fmt.Errorf("it does not say %q, but: %s", text, lastBytes(p.stderr.String(), 4000))
		}
	})
}

// fatal ends the waiting of eventually.
type fatal struct{ error }

// eventually asks until there is no error.
func eventually(t *testing.T, within time.Duration, ask func() error) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		err := ask()
		if err == nil {
			return
		}
		var end fatal
		if errors.As(err, &end) || time.Now().After(deadline) {
			require.NoError(t, err, "within %s", within)
		}
		time.Sleep(50 * time.Millisecond) // between two looks
	}
}

// up starts the embedded stack and waits until it is open.
func (s *site) up(args ...string) *process {
	s.t.Helper()
	p := s.start(append([]string{"up"}, args...)...)
	p.says("gateway is open for equipment", 30*time.Second)
	return p
}

// external makes the installation one of roles that are started one by one, against real Apache Kafka and the real
// ClickHouse engine, which run until the test ends.
func external(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	fetcher, err := engines.New(engines.Config{}, engines.Deps{Out: os.Stderr})
	require.NoError(t, err)
	jars, err := fetcher.Kafka(t.Context())
	require.NoError(t, err)
	engine, err := fetcher.ClickHouse(t.Context())
	require.NoError(t, err)
	broker, err := realkafka.Start(t.Context(), realkafka.Config{Dir: filepath.Join(t.TempDir(), "kafka"), Addr: s.brokers, Kafka: jars})
	require.NoError(t, err)
	t.Cleanup(broker.Kill9)
	s.broker = broker
	server, err := embedded.New(embedded.Config{
		Data: s.data, Native: s.native, HTTP: s.http, Schedule: retention.Builtin(), MemoryRatio: 0.5, Reader: embedded.DefaultReaderLimits(),
	}, embedded.Deps{
		Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Engine: engine, Self: []string{s.program, engineCommand},
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
	s = s.with("--set", "mode=external", "--set", "clickhouse.user="+embedded.Writer, "--set", "clickhouse.password_file="+embedded.PasswordFile(s.data, embedded.Writer))
	s.owner().do("migrate")
	return s.withKeeper()
}

// withKeeper starts the role that has the slot keys, and is the same installation for roles that get them from it.
func (s *site) withKeeper() *site {
	s.t.Helper()
	free, err := ports.Free(1)
	require.NoError(s.t, err)
	socket := "unix:" + s.keysSocket()
	keeper := s.with("--set", "metrics.listen="+free[0], "--set", "keys.listen="+socket).start("retention", "run")
	keeper.says("serving slot keys", 30*time.Second)
	return s.with("--set", "keys.connect="+socket)
}

// keysSocket is where slot keys are served.
func (s *site) keysSocket() string { return filepath.Join(s.data, "keys.sock") }

// owner is the installation as the owner of the tables.
func (s *site) owner() *site {
	return s.with("--set", "clickhouse.user="+embedded.Owner, "--set", "clickhouse.password_file="+embedded.PasswordFile(s.data, embedded.Owner))
}

// sql connects to ClickHouse as one of mailtrail's own users.
func (s *site) sql(user string) driver.Conn {
	s.t.Helper()
	secret, err := os.ReadFile(embedded.PasswordFile(s.data, user))
	require.NoError(s.t, err)
	conn, err := native.Open(&native.Options{Addr: []string{s.native}, Auth: native.Auth{Username: user, Password: strings.TrimSpace(string(secret))}})
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// count asks for one number. The server may be starting again at the moment.
func (s *site) count(query string) uint64 {
	s.t.Helper()
	conn := s.sql(embedded.Auditor)
	defer conn.Close()
	var n uint64
	eventually(s.t, 20*time.Second, func() error {
		return conn.QueryRow(s.t.Context(), query).Scan(&n)
	})
	return n
}

// readyz asks the process whether it can work.
func (s *site) readyz() (status int, body string) {
	response, err := http.Get("http://" + s.metrics + "/readyz")
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	raw, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(raw)
}

// device adds a device and returns its token; a running gateway knows it within two seconds.
func (s *site) device(name string) string { return s.do("access", "add", "device", name) }

// scan is an event that every rule allows; the serial number tells one from another.
func scan(serial int) string {
	return fmt.Sprintf(`{"imb":"00270123456%09d10118112501","scanDatetime":%q,"scanEventCode":"918","scanLocaleKey":"V19160","scanFacilityZip":"10199","machineId":"DBCS-0421"}`,
		serial, time.Now().UTC().Add(-time.Hour).Format("2006-01-02T15:04:05.000Z"))
}

// jsonLines reads one object a line.
func jsonLines(t *testing.T, text string) (rows []map[string]any) {
	t.Helper()
	for line := range strings.Lines(text) {
		var row map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &row), line)
		rows = append(rows, row)
	}
	return rows
}
