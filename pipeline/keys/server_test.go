package keys

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// serve runs a server until the test ends, and returns once it can be asked.
func serve(t *testing.T, b *bench, config ServerConfig, log zerolog.Logger) (stop func()) {
	t.Helper()
	s, err := NewServer(config, ServerDeps{Log: log, Authority: b.authority})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	require.Eventually(t, func() bool {
		conn, err := net.Dial(config.Network, config.Address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 10*time.Second, time.Millisecond)
	ended := false
	stop = func() {
		if !ended {
			ended = true
			cancel()
			require.NoError(t, <-done)
		}
	}
	t.Cleanup(stop)
	return stop
}

// A data folder may lie deeper than the name of a socket can be long.
func TestASocketInADeepFolder(t *testing.T) {
	b := newBench(t)
	folder := filepath.Join(t.TempDir(), strings.Repeat("deep/", 30))
	require.NoError(t, os.MkdirAll(folder, 0o700))
	path := filepath.Join(folder, "keys.sock")
	s, err := NewServer(ServerConfig{Network: "unix", Address: path}, ServerDeps{Log: zerolog.Nop(), Authority: b.authority})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	client, err := NewClient(ClientConfig{Network: "unix", Address: path})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := client.Key(ctx, testClass, slotAt(0), ToSeal)
		return err == nil
	}, 10*time.Second, time.Millisecond)
	cancel()
	require.NoError(t, <-done)
	require.NoFileExists(t, path)
}

// What a killed process left makes way; what is somebody else's stays, and is told.
func TestWhatLiesBesideTheSocket(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(folder string) error
		kept bool
	}{
		{"an empty folder", func(folder string) error { return os.Mkdir(folder, 0o700) }, false},
		{"a socket that was not moved", func(folder string) error {
			if err := os.Mkdir(folder, 0o700); err != nil {
				return err
			}
			left, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: filepath.Join(folder, "s")})
			if err != nil {
				return err
			}
			left.SetUnlinkOnClose(false)
			return left.Close()
		}, false},
		{"somebody's folder", func(folder string) error { return os.MkdirAll(filepath.Join(folder, "letters"), 0o700) }, true},
		{"somebody's file named as the socket", func(folder string) error {
			if err := os.Mkdir(folder, 0o700); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(folder, "s"), nil, 0o600)
		}, true},
		{"somebody's file", func(folder string) error { return os.WriteFile(folder, nil, 0o600) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "k") // the name of a socket cannot be long
			require.NoError(t, err)
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			path := filepath.Join(dir, "k")
			folder := path + unfinished
			require.NoError(t, c.make(folder))
			before, _ := filepath.Glob(filepath.Join(folder, "*"))
			listener, remove, err := listenUnix(path)
			if !c.kept {
				require.NoError(t, err)
				require.NoError(t, listener.Close())
				remove()
				require.NoDirExists(t, folder)
				return
			}
			require.ErrorContains(t, err, folder+" is in the way")
			_, err = os.Lstat(folder)
			require.NoError(t, err)
			after, _ := filepath.Glob(filepath.Join(folder, "*"))
			require.Equal(t, before, after)
		})
	}
}

func TestKeysOverASocket(t *testing.T) {
	b := newBench(t)
	var logged bytes.Buffer
	path := filepath.Join(t.TempDir(), "keys.sock")
	config := ServerConfig{Network: "unix", Address: path}
	stop := serve(t, b, config, zerolog.New(&logged))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "nobody else")
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1)

	client, err := NewClient(ClientConfig{Network: "unix", Address: path})
	require.NoError(t, err)
	ctx := context.Background()
	ask := func(n int, use Use) (Grant, error) { return client.Key(ctx, testClass, slotAt(n), use) }
	_, err = ask(0, ToOpen)
	require.ErrorIs(t, err, ErrUnknown)
	grant, err := ask(0, ToSeal)
	require.NoError(t, err)
	require.Equal(t, Slot{testClass, slotAt(0), slotAt(2), slotAt(6)}, grant.Slot)
	direct, err := b.authority.Key(ctx, testClass, slotAt(0), ToOpen)
	require.NoError(t, err)
	require.Equal(t, direct.Key.Commitment(), grant.Key.Commitment())
	_, err = ask(1, ToSeal)
	require.ErrorIs(t, err, ErrNotBegun)
	_, err = client.Key(ctx, "a/b c", slotAt(0), ToSeal)
	require.ErrorIs(t, err, ErrNoSlot)
	_, err = client.Key(ctx, testClass, slotAt(0), "peek")
	require.ErrorIs(t, err, ErrNoSlot)

	h, err := NewHolder(HolderDeps{Metrics: prometheus.NewRegistry(), Clock: b.clock, Source: client})
	require.NoError(t, err)
	defer h.Close()
	sealed, err := h.Seal(ctx, nil, object(0), []byte("a picture"))
	require.NoError(t, err)
	stop()
	require.NoFileExists(t, path)
	_, err = h.Open(ctx, nil, object(0), sealed)
	require.NoError(t, err, "what is held goes on")
	_, err = ask(0, ToOpen)
	require.ErrorIs(t, err, ErrUnavailable)

	require.NoError(t, os.WriteFile(path, nil, 0o600)) // as a killed process leaves one behind
	serve(t, b, config, zerolog.New(&logged))
	b.clock.set(slotAt(6))
	_, err = ask(0, ToOpen)
	require.ErrorIs(t, err, ErrDestroyed)
	require.NotEmpty(t, logged.String())
	requireNoKey(t, grant.Key, logged.String())
}

func TestNoPortBeforeTheStart(t *testing.T) {
	b := newBench(t)
	require.NoError(t, b.authority.Close())
	s, err := NewServer(ServerConfig{Network: "unix", Address: filepath.Join(t.TempDir(), "s")}, ServerDeps{Authority: b.authority})
	require.NoError(t, err)
	require.ErrorContains(t, s.Run(context.Background()), "destroyed first")
}

func TestKeysOverMutualTLS(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	ca, caKey := issue(t, dir, "ca", nil, nil)
	issue(t, dir, "authority", ca, caKey)
	issue(t, dir, "role", ca, caKey)
	issue(t, dir, "stranger", nil, nil)
	file := func(name string) string { return filepath.Join(dir, name) }
	mutual := func(name string) *tls.Config {
		config, err := MutualTLS(file(name+".pem"), file(name+".key"), file("ca.pem"))
		require.NoError(t, err)
		return config
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	serve(t, b, ServerConfig{Network: "tcp", Address: address, TLS: mutual("authority")}, zerolog.Nop())

	ask := func(config *tls.Config) error {
		client, err := NewClient(ClientConfig{Network: "tcp", Address: address, TLS: config})
		require.NoError(t, err)
		_, err = client.Key(context.Background(), testClass, slotAt(0), ToSeal)
		return err
	}
	require.NoError(t, ask(mutual("role")))
	require.ErrorIs(t, ask(mutual("stranger")), ErrUnavailable, "a certificate of nobody")
	bare := mutual("role")
	bare.Certificates = nil
	require.ErrorIs(t, ask(bare), ErrUnavailable, "no certificate")
	response, err := http.Post("http://"+address+keyPath(testClass, slotAt(0), ToSeal), "", nil)
	if err == nil { // Go's server tells a plain client so
		require.Equal(t, http.StatusBadRequest, response.StatusCode)
		require.NoError(t, response.Body.Close())
	}

	_, err = NewServer(ServerConfig{Network: "tcp", Address: address}, ServerDeps{})
	require.ErrorIs(t, err, errPlain)
	_, err = NewClient(ClientConfig{Network: "tcp", Address: address, TLS: &tls.Config{}})
	require.ErrorIs(t, err, errPlain)
	_, err = MutualTLS(file("role.pem"), file("role.key"), file("role.key"))
	require.ErrorContains(t, err, "keys.tls.ca")
}

// issue writes NAME.pem and NAME.key, signed by an authority or, without one, by itself.
func issue(t *testing.T, dir, name string, ca *x509.Certificate, caKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: ca == nil, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if ca == nil {
		ca, caKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca, &key.PublicKey, caKey)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for file, block := range map[string]*pem.Block{name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: secret}} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600))
	}
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return certificate, key
}
