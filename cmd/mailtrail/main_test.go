package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"mailtrail/cmd/mailtrail/config"
	"mailtrail/pipeline/access"
)

// outcome is what one command line did.
type outcome struct {
	status         int
	stdout, stderr string
}

// mailtrail runs one command line in this process, with nothing in its environment but env.
func mailtrail(env []string, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	status := run(context.Background(), args, surroundings{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, environ: env})
	return outcome{status, stdout.String(), stderr.String()}
}

func TestExitStatus(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.MkdirAll(broken, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(broken, "access.yaml"), []byte("devices: ["), 0o600))
	for name, test := range map[string]struct {
		args   []string
		status int
		stderr string
	}{
		"help":                     {[]string{"--help"}, 0, ""},
		"help of a command":        {[]string{"access", "add", "device", "--help"}, 0, ""},
		"version":                  {[]string{"version"}, 0, ""},
		"no command":               {nil, 2, "expected one of access, "},
		"unknown command":          {[]string{"confg"}, 2, `mailtrail: unknown command "confg"`},
		"unknown command in group": {[]string{"access", "revok"}, 2, "did you mean revoke?"},
		"group alone":              {[]string{"access", "add"}, 2, "expected one of analyst, device, mailer, officer"},
		"unknown flag":             {[]string{"version", "--loud"}, 2, "mailtrail version: unknown flag: --loud"},
		"missing argument":         {[]string{"access", "revoke"}, 2, "See `mailtrail access revoke --help`."},
		"argument too many":        {[]string{"version", "x"}, 2, `unknown command "x"`},
		"missing flag":             {[]string{"access", "delegate", "a", "b"}, 2, `required flag(s) "from", "mid", "until"`},
		"bad format":               {[]string{"access", "list", "--format", "xml"}, 2, "expected table, json or csv"},
		"bad shell":                {[]string{"completion", "tcsh"}, 2, "tcsh"},
		"bad name":                 {[]string{"access", "add", "device", "a b"}, 2, "expected 1 to 64 of a-z"},
		"bad time":                 {[]string{"access", "delegate", "a", "b", "--mid", "123456", "--from", "x", "--until", "y"}, 2, `--from "x": expected a time`},
		"bad set":                  {[]string{"config", "check", "--set", "data"}, 2, "expected section.key=value"},
		"bad configuration":        {[]string{"access", "list", "--set", "mode=cloud"}, 2, "--set: mode: wrong value"},
		"absent configuration":     {[]string{"config", "show", "--config", "absent.yaml"}, 2, "absent.yaml: cannot be read"},
		"unknown name":             {[]string{"access", "revoke", "nobody", "--data", t.TempDir()}, 1, `nobody is called "nobody"`},
		"broken access file":       {[]string{"access", "list", "--data", broken}, 1, "not the YAML of an access file"},
	} {
		t.Run(name, func(t *testing.T) {
			got := mailtrail(nil, test.args...)
			require.Equal(t, test.status, got.status, got.stderr)
			require.Contains(t, got.stderr, test.stderr)
			require.Equal(t, test.status == 0, got.stdout != "", "results, and nothing else, go to standard output: %q", got.stdout)
			require.Equal(t, test.status == 0, got.stderr == "")
		})
	}
}

func TestErrorsHaveTheirExitStatus(t *testing.T) {
	for err, want := range map[error]int{
		errors.New("the broker is gone"):                            exitFailed,
		&findings{"3 rows are too many"}:                            exitFailed,
		fmt.Errorf("auditing: %w", &findings{"one"}):                exitFailed,
		wrongUsage("--rate %d", 0):                                  exitWrong,
		fmt.Errorf("simulating: %w", wrongUsage("--rate 0")):        exitWrong,
		fmt.Errorf("starting: %w", error(&config.Mistakes{})):       exitFailed, // only the value is the error that Load returns
		fmt.Errorf("starting: %w", config.Mistakes{{Key: "data"}}):  exitWrong,
		fmt.Errorf("adding: %w", accessError(&access.ValueError{})): exitWrong,
	} {
		require.Equal(t, want, exitStatus(err), err)
	}
}

func TestEveryCommandHasHelpWithOneExample(t *testing.T) {
	root := newRootCommand(newApp(surroundings{}))
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		require.NotEmpty(t, c.Short, c.CommandPath())
		require.True(t, c.RunE != nil || c.Name() == "help", "%s: only RunE tells wrong usage from failure", c.CommandPath())
		require.Contains(t, c.Example, "mailtrail", c.CommandPath())
		args := append(strings.Fields(c.CommandPath())[1:], "--help")
		got := mailtrail(nil, args...)
		require.Zero(t, got.status, args)
		require.Contains(t, got.stdout, strings.Split(c.Example, "\n")[0], args)
		for _, child := range c.Commands() {
			if !child.Hidden { // the engine under its own command line is no command for people
				walk(child)
			}
		}
	}
	walk(root)
}

func TestConfigCheckFindsThreeMistakesAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "site.yaml")
	require.NoError(t, os.WriteFile(path, []byte("mode: external\nkafka:\n  brokers: []\ngateway:\n  lisen: 127.0.0.1:1\ningest:\n  memory: 64MiB\n"), 0o600))
	got := mailtrail([]string{"MAILTRAIL_CONFIG=" + path}, "config", "check")
	require.Equal(t, 2, got.status)
	require.Empty(t, got.stdout)
	require.Equal(t, []string{
		path + ":3:12: kafka.brokers: missing value \"a list\": expected a value that is not empty; try: 127.0.0.1:9092 (the default)",
		path + ":5:3: gateway.lisen: unknown key \"127.0.0.1:1\": expected one of listen, tls, max_body; try: gateway.listen",
		path + ":7:11: ingest.memory: out of range \"64MiB\": expected at least 128MiB and at most 1TiB; try: 768MiB (the default)",
	}, strings.Split(strings.TrimSpace(got.stderr), "\n"))
}

func TestConfigCheckOfAGoodOne(t *testing.T) {
	got := mailtrail(nil, "config", "check", "--set", "retention.schedule=absent.yaml")
	require.Equal(t, outcome{0, "configuration is good\n", "note: --set: retention.schedule: the file absent.yaml does not exist\n"}, got)
}

func TestConfigShow(t *testing.T) {
	got := mailtrail([]string{"MAILTRAIL_LOG_LEVEL=warn", "MAILTRAIL_OBJECTS_ACCESS_KEY=AKIAEXAMPLE", "MAILTRAIL_OBJECTS_SECRET_KEY_FILE=/run/secret"},
		"config", "show", "--data", "elsewhere", "--set", "data=ignored", "--set", "kafka.partitions=8")
	require.Zero(t, got.status, got.stderr)
	require.Contains(t, got.stdout, "data: elsewhere  # --data\n")
	require.Contains(t, got.stdout, "  level: warn  # MAILTRAIL_LOG_LEVEL\n")
	require.Contains(t, got.stdout, "  partitions: 8  # --set\n")
	require.NotContains(t, got.stdout+got.stderr, "AKIAEXAMPLE")
}

func TestAccessFromTheCommandLine(t *testing.T) {
	env := []string{"MAILTRAIL_DATA=" + filepath.Join(t.TempDir(), "data")}
	do := func(line string) outcome {
		t.Helper()
		got := mailtrail(env, strings.Fields(line)...)
		require.Zero(t, got.status, got.stderr)
		return got
	}
	for line, form := range map[string]string{
		"access add device DBCS-0421 --zone America/New_York":    `^mt_dev_\w{49}\n$`,
		"access add mailer acme --mid 123456,912345678 --crid 1": `^mt_mlr_\w{49}\n$`,
		"access add mailer presort --crid 2":                     `^mt_mlr_\w{49}\n$`,
		"access add analyst jane":                                `^mt_anl_\w{49}\n$`,
		"access add officer records":                             `^mt_ofc_\w{49}\n$`,
	} {
		got := do(line)
		require.Regexp(t, form, got.stdout, "the token stands alone on standard output")
		require.Contains(t, got.stderr, "shown once")
		require.NotContains(t, got.stderr, strings.TrimSpace(got.stdout))
	}
	require.Empty(t, do("access delegate acme presort --mid 123456 --from 2026-11-01 --until 2027-02-01T00:00:00-05:00").stdout)

	kinds := map[string]map[string]any{}
	for line := range strings.Lines(do("access list --format json").stdout) {
		var row map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &row))
		kinds[row["kind"].(string)+" "+row["name"].(string)] = row
	}
	require.Len(t, kinds, 6)
	require.Equal(t, "America/New_York", kinds["device dbcs-0421"]["zone"])
	require.Equal(t, []any{"123456", "912345678"}, kinds["mailer acme"]["mids"])
	require.Equal(t, "2027-02-01T05:00:00Z", kinds["delegation acme"]["until"])

	require.Equal(t, "The mailer acme is revoked.\n", do("access revoke ACME").stderr)
	table := do("access list").stdout
	require.NotContains(t, table, "acme")
	require.Contains(t, table, "dbcs-0421")
	require.True(t, strings.HasPrefix(do("access list --format csv").stdout, "kind,name,zone,"))

	taken := mailtrail(env, "access", "add", "officer", "jane")
	require.Equal(t, 1, taken.status)
	require.Contains(t, taken.stderr, `"jane" is taken already, by this kind: analyst`)
}

func TestCompletionAndVersion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		require.Contains(t, mailtrail(nil, "completion", shell).stdout, "mailtrail")
	}
	require.Contains(t, mailtrail(nil, "__complete", "access", "add", "").stdout, "device")
	require.Regexp(t, `^mailtrail .+\ncommit .+\ngo1\.\S+ \w+/\w+\n$`, mailtrail(nil, "version").stdout)
}
