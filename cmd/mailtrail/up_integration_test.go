package main

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestUpWithItsDemonstration(t *testing.T) {
	s := newSite(t)
	began := time.Now()
	p := s.up("--demo")
	p.says("mailtrail is running", 15*time.Second)
	for _, where := range []string{s.data, s.gateway, s.brokers, s.native, s.http, s.metrics} {
		require.Contains(t, p.stderr.String(), where, "it says where everything is")
	}
	p.says("events are stored", time.Minute-time.Since(began))
	said := p.stderr.String()
	require.Contains(t, said, "simulated day of mail", "it says what the demonstration is doing")
	require.Less(t, strings.Count(said, "\n"), 60, "a person can read what it says: %s", lastBytes(said, 2000))
	s.accounted(time.Minute)
	require.GreaterOrEqual(t, s.count("SELECT count() FROM mailtrail.scans"), uint64(1_000_000), "within a minute of the start")
	status, body := s.readyz()
	require.Equal(t, 200, status, body)

	t.Run("a second one on the same data", func(t *testing.T) {
		other := newSite(t).at(s.data)
		got := other.run("up")
		require.Equal(t, exitFailed, got.status)
		require.Contains(t, got.stderr, s.data)
		require.Contains(t, got.stderr, "set data to another folder")
		require.Contains(t, got.stderr, strconv.Itoa(p.cmd.Process.Pid), "it names who has it")
		oneSentence(t, got.stderr)
	})
	children := childrenOf(t, p.cmd.Process.Pid)
	require.NotEmpty(t, children, "the engine is a child")
	p.stop()
	for _, pid := range children {
		require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "no child is left")
	}
	t.Run("again on the same data", func(t *testing.T) {
		before := s.as(t).up("--demo")
		before.says("has had its day of mail", 15*time.Second)
		require.GreaterOrEqual(t, s.as(t).count("SELECT count() FROM mailtrail.scans"), uint64(1_000_000))
		before.stop()
	})
}

// childrenOf lists the processes that pid started.
func childrenOf(t *testing.T, pid int) (children []int) {
	t.Helper()
	tasks, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	require.NoError(t, err)
	if len(tasks) == 0 {
		t.Skip("this system does not tell whose child a process is")
	}
	for _, task := range tasks {
		raw, err := os.ReadFile(task)
		require.NoError(t, err)
		for _, field := range strings.Fields(string(raw)) {
			child, err := strconv.Atoi(field)
			require.NoError(t, err)
			children = append(children, child)
		}
	}
	return children
}

// oneSentence asserts that the last thing said is one line, the program's own name in front. What the log said before
// stands as JSON.
func oneSentence(t *testing.T, said string) {
	t.Helper()
	var plain []string
	for line := range strings.Lines(said) {
		if !json.Valid([]byte(line)) {
			plain = append(plain, line)
		}
	}
	require.Len(t, plain, 1, said)
	require.True(t, strings.HasPrefix(plain[0], "mailtrail up: "), said)
	require.NotContains(t, said, "panic")
	require.NotContains(t, said, "goroutine")
}

func TestUpNamesTheTakenPort(t *testing.T) {
	s := newSite(t)
	for key, addr := range map[string]string{
		"gateway.listen": s.gateway, "api.listen": s.api, "metrics.listen": s.metrics, "kafka.brokers": s.brokers, "clickhouse.addr": s.native, "clickhouse.http": s.http,
	} {
		t.Run(key, func(t *testing.T) {
			holder, err := net.Listen("tcp", addr)
			require.NoError(t, err)
			defer holder.Close()
			got := s.as(t).at(filepath.Join(t.TempDir(), "data")).run("up")
			require.Equal(t, exitFailed, got.status)
			require.Contains(t, got.stderr, addr)
			require.Contains(t, got.stderr, "set "+key+" to another")
			require.NotContains(t, got.stderr, "mailtrail is running")
			oneSentence(t, got.stderr)
		})
	}
}

func TestUpSaysInASentenceWhatIsWrong(t *testing.T) {
	s := newSite(t)
	write := func(t *testing.T, path, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	t.Run("broken access file", func(t *testing.T) {
		data := filepath.Join(t.TempDir(), "data")
		write(t, filepath.Join(data, "access.yaml"), "devices: [\n")
		got := s.as(t).at(data).run("up")
		require.Equal(t, exitFailed, got.status)
		require.Contains(t, got.stderr, filepath.Join(data, "access.yaml"))
		oneSentence(t, got.stderr)
	})
	t.Run("access file of somebody who cannot be a user", func(t *testing.T) {
		data := filepath.Join(t.TempDir(), "data")
		write(t, filepath.Join(data, "access.yaml"), "analysts:\n  - name: \"a<b\"\n    token_sha256: nonsense\n")
		got := s.as(t).at(data).run("up")
		require.Equal(t, exitFailed, got.status)
		require.Contains(t, got.stderr, "access.yaml")
		oneSentence(t, got.stderr)
	})
	t.Run("broken secret of a user", func(t *testing.T) {
		data := filepath.Join(t.TempDir(), "data")
		secret := filepath.Join(data, "secrets", "clickhouse-writer")
		write(t, secret, "")
		got := s.as(t).at(data).run("up")
		require.Equal(t, exitFailed, got.status)
		require.Contains(t, got.stderr, secret+" is empty: remove the file")
	})
	t.Run("data is a file", func(t *testing.T) {
		data := filepath.Join(t.TempDir(), "data")
		write(t, data, "x")
		got := s.as(t).at(data).run("up")
		require.Equal(t, exitFailed, got.status)
		require.Contains(t, got.stderr, data+" is not a folder")
		oneSentence(t, got.stderr)
	})
	t.Run("folder of somebody else", func(t *testing.T) {
		if os.Getuid() != 0 {
			t.Skip("only root can start the program as somebody else")
		}
		nobody, folder := *s.as(t), t.TempDir()
		nobody.credentials = &syscall.Credential{Uid: 65534, Gid: 65534}
		nobody.program = openTo(t, s.program)
		got := nobody.at(filepath.Join(folder, "data")).run("up")
		require.Equal(t, exitFailed, got.status)
		require.Contains(t, got.stderr, "cannot be written by user 65534")
		require.Contains(t, got.stderr, "set data to another")
		oneSentence(t, got.stderr)
	})
	t.Run("full disk", func(t *testing.T) {
		if os.Getuid() != 0 {
			t.Skip("only root can mount a small disk")
		}
		disk := t.TempDir()
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk).CombinedOutput(); err != nil {
			t.Skipf("a small disk cannot be mounted here: %s", out)
		}
		defer func() { require.NoError(t, exec.Command("umount", disk).Run()) }()
		got := s.as(t).at(filepath.Join(disk, "data")).run("up")
		require.Equal(t, exitFailed, got.status)
		require.Contains(t, got.stderr, filepath.Join(disk, "data"))
		require.Contains(t, got.stderr, "is full")
		oneSentence(t, got.stderr)
	})
	t.Run("wrong configuration", func(t *testing.T) {
		got := s.as(t).with("--set", "kafka.partitions=many").run("up")
		require.Equal(t, exitWrong, got.status)
		require.Contains(t, got.stderr, "kafka.partitions")
	})
}

// openTo copies the program to where every user can start it.
func openTo(t *testing.T, program string) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "mailtrail-open-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	require.NoError(t, os.Chmod(folder, 0o755))
	raw, err := os.ReadFile(program)
	require.NoError(t, err)
	path := filepath.Join(folder, "mailtrail")
	require.NoError(t, os.WriteFile(path, raw, 0o755))
	return path
}

// A disk that fills up while the stack runs: nothing that was acknowledged is lost, and room brings everything back.
func TestUpOnADiskThatFillsUp(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	s := newSite(t)
	disk := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=700m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be mounted here: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", disk).Run() })
	s = s.at(filepath.Join(disk, "data"))
	p := s.up()
	token := s.device("dbcs")
	accepted := 0
	post := func() int {
		status, answer := s.post(token, "application/json", scan(accepted), nil)
		if status == 202 {
			accepted++
			require.EqualValues(t, 1, answer["accepted"])
		}
		return status
	}
	eventually(t, 10*time.Second, func() error { return expect(202, post()) })
	ballast := filepath.Join(disk, "ballast")
	fill(t, ballast)
	refused := 0
	for range 20 {
		if status := post(); status != 202 {
			refused++
			require.Equal(t, 503, status)
		}
	}
	t.Logf("on the full disk %d of 20 requests were refused", refused)
	require.NoError(t, os.Remove(ballast))
	eventually(t, 40*time.Second, func() error { return expect(202, post()) })
	s.accounted(time.Minute)
	got := s.count("SELECT uniqExact(imb) FROM mailtrail.scans")
	require.EqualValues(t, accepted, got, "what was acknowledged is stored")
	p.stop()
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	require.NoError(t, err)
	for block := make([]byte, 1<<20); len(block) > 0; {
		if _, err := file.Write(block); err != nil {
			block = block[:len(block)/2]
		}
	}
	require.NoError(t, file.Close())
}

func TestConfigCheckFindsThreePlantedMistakes(t *testing.T) {
	s := newSite(t)
	path := filepath.Join(t.TempDir(), "site.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`mode: embeded
gateway:
  listen: 8441
ingest:
  group: mailtrail
  block_age: soon
`), 0o600))
	s.flags = []string{"--config", path}
	got := s.run("config", "check")
	require.Equal(t, exitWrong, got.status)
	lines := strings.Split(strings.TrimSpace(got.stderr), "\n")
	require.Len(t, lines, 3, got.stderr)
	for i, want := range []struct{ place, key, value string }{{":1:", "mode", "embeded"}, {":3:", "gateway.listen", "8441"}, {":6:", "ingest.block_age", "soon"}} {
		require.Contains(t, lines[i], path+want.place)
		require.Contains(t, lines[i], want.key)
		require.Contains(t, lines[i], want.value)
		require.Contains(t, lines[i], "expected")
		require.Contains(t, lines[i], "try: ", "each has its remedy")
	}
	require.Equal(t, exitWrong, s.run("up").status, "and nothing starts with it")
}
