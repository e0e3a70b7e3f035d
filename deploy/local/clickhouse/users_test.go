package clickhouse

import (
	"context"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/engines"
)

func TestUsersFileRefusesAnalysts(t *testing.T) {
	good := sha256Hex("x")
	for _, c := range []struct {
		analyst Analyst
		want    string
	}{
		{Analyst{"ann", good}, ""},
		{Analyst{"a.b", good}, "a name has 1 to 63"},
		{Analyst{"a><b", good}, "a name has 1 to 63"},
		{Analyst{"", good}, "a name has 1 to 63"},
		{Analyst{Owner, good}, "the name is taken"},
		{Analyst{"default", good}, "the name is taken"},
		{Analyst{"ann", "<"}, "is not a SHA-256"},
		{Analyst{"ann", good[2:]}, "is not a SHA-256"},
	} {
		_, err := usersFile(nil, []Analyst{c.analyst}, DefaultReaderLimits())
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, c.want)
	}
	_, err := usersFile(nil, []Analyst{{"ann", good}, {"ann", good}}, DefaultReaderLimits())
	require.ErrorContains(t, err, "the name is taken")
}

func TestFilesAreWellFormed(t *testing.T) {
	config := testConfig(filepath.Join(t.TempDir(), "a & <b>"), "127.0.0.1:9000", "127.0.0.1:8123")
	p, err := config.paths()
	require.NoError(t, err)
	server, err := configFile(config, config.Native, p)
	require.NoError(t, err)
	users, err := usersFile(map[string]string{Owner: "secret"}, []Analyst{{"ann", sha256Hex("x")}}, DefaultReaderLimits())
	require.NoError(t, err)
	require.NotContains(t, users, "secret", "only hashes are written")
	for _, text := range []string{server, users} {
		for decoder := xml.NewDecoder(strings.NewReader(text)); ; {
			if _, err := decoder.Token(); err == io.EOF {
				break
			} else {
				require.NoError(t, err, text)
			}
		}
	}
}

func TestPasswordIsMadeOnceAndPrivate(t *testing.T) {
	dir := t.TempDir()
	first, err := password(dir, Writer)
	require.NoError(t, err)
	require.Len(t, first, 48)
	again, err := password(dir, Writer)
	require.NoError(t, err)
	require.Equal(t, first, again)
	info, err := os.Stat(filepath.Join(dir, "clickhouse-writer"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "clickhouse-writer"), nil, 0o600))
	_, err = password(dir, Writer)
	require.ErrorContains(t, err, "is empty: remove the file")
}

func TestConfigIsChecked(t *testing.T) {
	config := testConfig("", "0.0.0.0:9000", "nonsense")
	config.Schedule = nil
	_, err := New(config, testDeps(discard(), engines.ClickHouse{}))
	for _, want := range []string{"clickhouse.addr: the embedded ClickHouse listens on this machine alone", "clickhouse.http: \"nonsense\" is not host:port", "data: ", "a retention schedule with the class system_logs is missing", "exactly one of"} {
		require.ErrorContains(t, err, want)
	}
}

func TestStaleLockIsRecognised(t *testing.T) {
	store := t.TempDir()
	require.NoError(t, awaitPredecessor(t.Context(), store))
	status := filepath.Join(store, "status")
	require.NoError(t, os.WriteFile(status, []byte("PID: 4711\nStarted at: then\n"), 0o600))
	require.NoError(t, awaitPredecessor(t.Context(), store), "a file without a lock is what a killed engine leaves")

	held := flock.New(status)
	locked, err := held.TryLock()
	require.NoError(t, err)
	require.True(t, locked)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err = awaitPredecessor(ctx, store)
	require.ErrorContains(t, err, "another ClickHouse engine (PID: 4711) is using "+store)
	require.ErrorContains(t, err, "set data to another folder")
}
