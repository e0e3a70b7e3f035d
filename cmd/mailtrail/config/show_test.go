package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShowSaysValueAndOriginAndMasks(t *testing.T) {
	loaded, err := Load(Options{
		File:    write(t, "objects: {access_key: AKIAEXAMPLE, secret_key_file: /run/secret}\nkafka: {brokers: ['[::1]:9092']}\n"),
		Environ: []string{"MAILTRAIL_INGEST_GROUP=a b: #c", `MAILTRAIL_VERIFY_WAIVE=[{object: t, reason: "no, really"}]`},
		Flags:   []Setting{{"--set", "data", "12"}},
	})
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, loaded.Show(&out))
	text := out.String()
	require.Contains(t, text, "mode: embedded  # default\n")
	require.Contains(t, text, "data: \"12\"  # --set\n")
	require.Contains(t, text, "gateway:\n  listen: 127.0.0.1:8441  # default\n  tls:\n    cert: \"\"  # default\n")
	require.Contains(t, text, "  brokers: [\"[::1]:9092\"]  # "+loaded.File+":2:18\n")
	require.Contains(t, text, "  access_key: \"********\"  # ")
	require.NotContains(t, text, "AKIAEXAMPLE")
	require.Contains(t, text, "  group: \"a b: #c\"  # MAILTRAIL_INGEST_GROUP\n")
	require.Contains(t, text, "  waive: [{object: t, reason: \"no, really\"}]  # MAILTRAIL_VERIFY_WAIVE\n")
	require.Contains(t, text, "  sweep_every: 1m  # default\n")
	require.Equal(t, 1, strings.Count(text, "\nverify:\n"))

	again, err := Load(Options{File: write(t, strings.ReplaceAll(text, masked, "AKIAEXAMPLE"))})
	require.NoError(t, err)
	require.Equal(t, loaded.Config, again.Config)
}

func TestAbsentFilesAreNamed(t *testing.T) {
	present := write(t, "x")
	loaded, err := Load(Options{Flags: []Setting{
		{"--set", "gateway.tls.cert", present},
		{"--set", "gateway.tls.key", "absent.pem"},
		{"--set", "clickhouse.password_file", "absent.password"},
	}})
	require.NoError(t, err)
	require.Equal(t, []string{
		"--set: gateway.tls.key: the file absent.pem does not exist",
		"--set: clickhouse.password_file: the file absent.password does not exist",
	}, loaded.AbsentFiles())
}

func TestSecretFileRead(t *testing.T) {
	dir := t.TempDir()
	for name, test := range map[string]struct{ content, want, err string }{
		"plain":       {"s3cret", "s3cret", ""},
		"line break":  {"s3cret\r\n", "s3cret", ""},
		"keeps space": {" s3cret \n", " s3cret ", ""},
		"empty":       {"\n", "", "is empty"},
		"two lines":   {"s3cret\nother", "", "more than one line"},
		"too large":   {strings.Repeat("x", maxSecret+1), "", "at most 65536 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, strings.ReplaceAll(name, " ", "_"))
			require.NoError(t, os.WriteFile(path, []byte(test.content), 0o600))
			loaded, err := Load(Options{Flags: []Setting{{"--set", "clickhouse.password_file", path}}})
			require.NoError(t, err)
			got, err := loaded.ClickHouse.PasswordFile.Read()
			require.Equal(t, test.want, got)
			if test.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "clickhouse.password_file: ")
			require.ErrorContains(t, err, test.err)
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
	none, err := SecretFile{}.Read()
	require.NoError(t, err)
	require.Empty(t, none)
	_, err = SecretFile{Path: filepath.Join(dir, "absent"), key: "kafka.sasl.password_file"}.Read()
	require.ErrorContains(t, err, "kafka.sasl.password_file: reading the secret")
}

func TestByteSizeText(t *testing.T) {
	for text, want := range map[string]struct {
		size  ByteSize
		plain string
	}{
		"0": {0, "0B"}, "17": {17, "17B"}, "1KiB": {1024, "1KiB"}, "64 kib": {65536, "64KiB"}, "1MB": {1_000_000, "1MB"}, "2048MiB": {2 << 30, "2GiB"},
	} {
		var size ByteSize
		require.NoError(t, size.UnmarshalText([]byte(text)), text)
		require.Equal(t, want.size, size, text)
		require.Equal(t, want.plain, size.String(), text)
		var again ByteSize
		require.NoError(t, again.UnmarshalText([]byte(size.String())))
		require.Equal(t, size, again)
	}
}

func TestEndpointDial(t *testing.T) {
	network, address := Endpoint("unix:/run/keys.sock").Dial()
	require.Equal(t, []string{"unix", "/run/keys.sock"}, []string{network, address})
	network, address = Endpoint("keys.example.org:7000").Dial()
	require.Equal(t, []string{"tcp", "keys.example.org:7000"}, []string{network, address})
}
