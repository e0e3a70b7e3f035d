package kafka

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"mailtrail/schemas/event"
)

// selfSigned is a certificate for this machine, and the pool that trusts it.
func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// A Reader comes in by the same TLS and SASL settings as the rest of the Client.
func TestReaderOverTLSAndSASL(t *testing.T) {
	if testing.Short() {
		t.Skip("runs brokers")
	}
	certificate, pool := selfSigned(t)
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		t.Run(mechanism, func(t *testing.T) {
			cluster, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.SeedTopics(4, "mail.scans"), kfake.EnableSASL(), kfake.Superuser(mechanism, "ingest", "secret"),
				kfake.TLS(&tls.Config{Certificates: []tls.Certificate{certificate}}))
			require.NoError(t, err)
			t.Cleanup(cluster.Close)
			config := Config{Brokers: cluster.ListenAddrs(), TLS: &tls.Config{RootCAs: pool}, Mechanism: mechanism, User: "ingest", Password: "secret"}
			c, err := New(config)
			require.NoError(t, err)
			t.Cleanup(c.Close)
			for partition := range int32(4) { // whose leaders differ
				require.NoError(t, c.ProduceTo(within(t), "mail.scans", partition, []event.Message{{Value: []byte("event")}}))
				r := c.NewReader(ReaderConfig{Topic: "mail.scans", Partition: partition, MaxBytes: 1 << 20, MaxWait: 10 * time.Millisecond})
				t.Cleanup(func() { _ = r.Close() })
				got, err := r.Next(within(t), 0)
				require.NoError(t, err)
				require.Len(t, got.Messages, 1)
				require.Equal(t, "event", string(got.Messages[0].Value))

				if partition > 0 {
					continue
				}
				moved := (cluster.LeaderFor("mail.scans", partition) + 1) % 3
				require.NoError(t, cluster.MoveTopicPartition("mail.scans", partition, moved))
				require.Eventually(t, func() bool {
					got, err := r.Next(within(t), 1)
					require.True(t, err == nil || Transient(err), "%v", err)
					return err == nil && got.End == 1 && r.link.conn.RemoteAddr().String() == cluster.ListenAddrs()[moved]
				}, 30*time.Second, 50*time.Millisecond, "another broker leads the partition")
			}

			_, _, err = c.dial(within(t), kafkago.Broker{Host: "127.0.0.1", Port: 1})
			require.True(t, Transient(err), "nobody listens: %v", err)
			config.Password = "wrong"
			wrong, err := New(config)
			require.NoError(t, err)
			t.Cleanup(wrong.Close)
			host, port, err := net.SplitHostPort(cluster.ListenAddrs()[0])
			require.NoError(t, err)
			number, err := net.LookupPort("tcp", port)
			require.NoError(t, err)
			_, _, err = wrong.dial(within(t), kafkago.Broker{Host: host, Port: number})
			require.ErrorContains(t, err, "log in by SASL "+mechanism)
			require.NotContains(t, err.Error(), "wrong")
		})
	}
}
