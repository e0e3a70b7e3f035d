package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/ports"
	"mailtrail/pipeline/ingest"
	"mailtrail/pipeline/keys"
	"mailtrail/pipeline/rejects"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// roleWith is a role of a configuration, with nothing running.
func roleWith(t *testing.T, environ ...string) *role {
	t.Helper()
	r, err := newApp(surroundings{stderr: &bytes.Buffer{}, environ: environ}).newRole()
	require.NoError(t, err)
	t.Cleanup(r.parts.stop)
	return r
}

// letterSeal is the slot of dead letters of this moment.
func letterSeal(schedule *retention.Schedule) event.Seal {
	return event.Seal{Class: retention.Rejects, Slot: sealedBy(schedule).SlotOf(wallClock())}
}

// keysPair writes certificates of one authority for 127.0.0.1, as both sides of keys.tls take them.
func keysPair(t *testing.T) (cert, key, ca string) {
	t.Helper()
	folder := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return path
	}
	authority, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	from, until := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotBefore: from, NotAfter: until, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, authority.Public(), authority)
	require.NoError(t, err)
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: from, NotAfter: until, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, own.Public(), authority)
	require.NoError(t, err)
	ownDER, err := x509.MarshalECPrivateKey(own)
	require.NoError(t, err)
	return write("cert.pem", "CERTIFICATE", leafDER), write("key.pem", "EC PRIVATE KEY", ownDER), write("ca.pem", "CERTIFICATE", rootDER)
}

// What one role seals another one opens, over the socket of `up`, over keys.listen, and over mutual TLS.
func TestRolesGetKeysFromTheKeeper(t *testing.T) {
	cert, key, ca := keysPair(t)
	free, err := ports.Free(1)
	require.NoError(t, err)
	tls := []string{"MAILTRAIL_KEYS_TLS_CERT=" + cert, "MAILTRAIL_KEYS_TLS_KEY=" + key, "MAILTRAIL_KEYS_TLS_CA=" + ca}
	socket := filepath.Join(t.TempDir(), "s")
	for name, c := range map[string]struct {
		embedded        bool
		keeper, another []string
	}{
		"the socket of up": {embedded: true},
		"a socket":         {keeper: []string{"MAILTRAIL_MODE=external", "MAILTRAIL_KEYS_LISTEN=unix:" + socket}, another: []string{"MAILTRAIL_MODE=external", "MAILTRAIL_KEYS_CONNECT=unix:" + socket}},
		"mutual TLS": {
			keeper:  append([]string{"MAILTRAIL_MODE=external", "MAILTRAIL_KEYS_LISTEN=" + free[0]}, tls...),
			another: append([]string{"MAILTRAIL_MODE=external", "MAILTRAIL_KEYS_CONNECT=" + free[0]}, tls...),
		},
	} {
		t.Run(name, func(t *testing.T) {
			data := "MAILTRAIL_DATA=" + filepath.Join(t.TempDir(), "data")
			keeper := roleWith(t, append(c.keeper, data)...)
			require.NoError(t, keeper.takeKeeper(t.Context()))
			require.NoError(t, keeper.serveKeys(c.embedded))
			another, err := roleWith(t, append(c.another, data)...).startSealer()
			require.NoError(t, err)
			own, err := keeper.newSealer(prometheus.NewRegistry())
			require.NoError(t, err)
			seal := letterSeal(retention.Builtin())
			_, err = ingestKeys(own).Seal(t.Context(), seal, "mail.scans/0/1/0", []byte("a payload"))
			require.ErrorContains(t, err, "not agreed on", "nobody gets a key before the schedule is known to be the right one")

			keeper.keeper.agreed.Store(true)
			require.Eventually(t, func() bool { return another.ready(t.Context()) == nil }, 10*time.Second, time.Millisecond)
			long := bytes.Repeat([]byte("a payload"), 10_000)
			sealed, err := ingestKeys(own).Seal(t.Context(), seal, "mail.scans/0/1/0", long)
			require.NoError(t, err)
			require.Less(t, len(sealed), len(long)/10, "it is compressed first")
			payload, err := rejectKeys(another).Open(t.Context(), seal, "mail.scans/0/1/0", sealed)
			require.NoError(t, err)
			require.True(t, bytes.Equal(long, payload))

			_, err = rejectKeys(another).Open(t.Context(), seal, "mail.scans/0/2/0", sealed)
			require.ErrorIs(t, err, rejects.ErrForeign, "of another event")
			old := event.Seal{Class: seal.Class, Slot: seal.Slot - 100*86_400}
			_, err = ingestKeys(another).Open(t.Context(), old, "mail.scans/0/1/0", sealed)
			require.ErrorIs(t, err, ingest.ErrKeyEnded)
			_, err = ingestKeys(another).Seal(t.Context(), old, "mail.scans/0/1/0", nil)
			require.ErrorIs(t, err, ingest.ErrKeyEnded)
			_, err = rejectKeys(another).Seal(t.Context(), old, "mail.scans/0/1/0", nil)
			require.ErrorIs(t, err, rejects.ErrKeyEnded)
		})
	}
	require.EqualValues(t, keys.Overhead+1, event.SealOverhead, "what a list subtracts is what a seal adds")
}

// Without an authority nothing is sealed, and the error says how to get one.
func TestWithoutAKeeper(t *testing.T) {
	data := "MAILTRAIL_DATA=" + t.TempDir()
	outside := roleWith(t, data, "MAILTRAIL_MODE=external")
	_, err := outside.startSealer()
	var usage *usageError
	require.True(t, errors.As(err, &usage))
	require.ErrorContains(t, err, "set keys.listen for it and keys.connect here")
	var stderr bytes.Buffer
	status := run(context.Background(), []string{"ingest", "--set", "mode=external", "--set", "metrics.listen=127.0.0.1:0"}, surroundings{stderr: &stderr, environ: []string{data}})
	require.Equal(t, exitWrong, status)
	require.Contains(t, stderr.String(), "keys.connect is not set")

	command, err := outside.newSealer(prometheus.NewRegistry())
	require.NoError(t, err, "a list needs no key")
	_, err = rejectKeys(command).Open(t.Context(), letterSeal(retention.Builtin()), "x", nil)
	require.ErrorContains(t, err, "keys.connect is not set")
	require.True(t, ingestKeys(nil).Transient(err))

	inside, err := roleWith(t, data).newSealer(prometheus.NewRegistry())
	require.NoError(t, err)
	_, err = rejectKeys(inside).Open(t.Context(), letterSeal(retention.Builtin()), "x", nil)
	require.ErrorIs(t, err, keys.ErrUnavailable)
	require.ErrorContains(t, err, "does `mailtrail up` run with this data folder?")
}

// A schedule file that would have a key end at once ends none before it is known to be the one in force; then it does.
func TestAWrongScheduleFileDestroysNoKey(t *testing.T) {
	data := "MAILTRAIL_DATA=" + filepath.Join(t.TempDir(), "data")
	first := roleWith(t, data)
	k, err := first.openKeeper(t.Context(), prometheus.NewRegistry())
	require.NoError(t, err)
	k.agreed.Store(true)
	first.keeper = k
	own, err := first.newSealer(prometheus.NewRegistry())
	require.NoError(t, err)
	yesterday := letterSeal(retention.Builtin())
	yesterday.Slot -= 86_400
	_, err = ingestKeys(own).Seal(t.Context(), yesterday, "x", nil)
	require.NoError(t, err)
	k.close()

	source := string(retention.Builtin().Source())
	at := strings.Index(source, "  - class: rejects\n")
	short := source[:at] + strings.NewReplacer("limit: 30d", "limit: 26h", "slot: 1d", "slot: 1h").Replace(source[at:at+400]) + source[at+400:]
	short = strings.Replace(short, "slot: 1d\n    margin: 2h\n\n  - class: system_logs", "slot: 1h\n    margin: 2h\n\n  - class: system_logs", 1)
	path := filepath.Join(t.TempDir(), "schedule.yaml")
	require.NoError(t, os.WriteFile(path, []byte(short), 0o600))
	k, err = roleWith(t, data, "MAILTRAIL_RETENTION_SCHEDULE="+path).openKeeper(t.Context(), prometheus.NewRegistry())
	require.NoError(t, err)
	defer k.close()
	require.Len(t, k.authority.Live(), 1)
	k.agreed.Store(true)
	report, err := k.authority.Sweep(t.Context())
	require.NoError(t, err)
	require.Len(t, report.Destroyed, 1)
}
