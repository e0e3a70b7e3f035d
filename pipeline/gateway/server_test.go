package gateway

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// serve runs the gateway on a port of the machine until stop, which waits for its end.
func (f *fixture) serve(t *testing.T) (address string, stop func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Serve(ctx, listener) }()
	stopped := false
	stop = func() {
		if cancel(); !stopped {
			stopped = true
			require.NoError(t, <-ended)
		}
	}
	t.Cleanup(stop)
	return listener.Addr().String(), stop
}

func post(t *testing.T, client *http.Client, url, bearer string) (*http.Response, reply) {
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(good))
	require.NoError(t, err)
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := client.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	var got reply
	require.NoError(t, json.NewDecoder(response.Body).Decode(&got))
	return response, got
}

func clientOf(config *tls.Config, set func(*http.Protocols)) *http.Client {
	protocols := new(http.Protocols)
	set(protocols)
	return &http.Client{Transport: &http.Transport{Protocols: protocols, TLSClientConfig: config}}
}

func TestProtocolsWithoutTLS(t *testing.T) {
	f := newFixture(t)
	address, stop := f.serve(t)
	one := clientOf(nil, func(p *http.Protocols) { p.SetHTTP1(true) })
	two := clientOf(nil, func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) })
	for client, major := range map[*http.Client]int{one: 1, two: 2} {
		response, got := post(t, client, "http://"+address+"/v1/scans", token)
		require.Equal(t, major, response.ProtoMajor)
		require.Equal(t, 202, response.StatusCode)
		require.Equal(t, 1, got.Accepted)
		client.CloseIdleConnections()
	}
	stop()
	require.Len(t, f.produced, 2)
	_, err := net.Dial("tcp", address)
	require.Error(t, err, "the port is closed")
}

func TestTLSAndClientCertificates(t *testing.T) {
	ca := newAuthority(t)
	f := newFixture(t, func(f *fixture) {
		f.config.TLS = TLS{Cert: ca.write(t, "server.pem"), Key: ca.writeKey(t, "server.key"), ClientCA: ca.write(t, "ca.pem")}
	})
	address, _ := f.serve(t)
	url := "https://" + address + "/v1/scans"
	roots := x509.NewCertPool()
	roots.AddCert(ca.certificate)

	for major, set := range map[int]func(*http.Protocols){1: func(p *http.Protocols) { p.SetHTTP1(true) }, 2: func(p *http.Protocols) { p.SetHTTP2(true) }} {
		client := clientOf(&tls.Config{RootCAs: roots}, set)
		response, _ := post(t, client, url, token)
		require.Equal(t, major, response.ProtoMajor)
		require.Equal(t, 202, response.StatusCode)
		response, _ = post(t, client, url, "")
		require.Equal(t, 401, response.StatusCode)
		client.CloseIdleConnections()
	}

	known := clientOf(&tls.Config{RootCAs: roots, Certificates: []tls.Certificate{ca.issue(t, "DBCS-17")}}, func(p *http.Protocols) { p.SetHTTP2(true) })
	response, _ := post(t, known, url, "")
	require.Equal(t, 202, response.StatusCode)
	require.Equal(t, "DBCS-17", string(f.produced[2].Header("device")))
	response, _ = post(t, known, url, "wrong")
	require.Equal(t, 401, response.StatusCode, "a wrong token is seen in spite of the certificate")
	known.CloseIdleConnections()

	stranger := clientOf(&tls.Config{RootCAs: roots, Certificates: []tls.Certificate{newAuthority(t).issue(t, "DBCS-17")}}, func(p *http.Protocols) { p.SetHTTP1(true) })
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(good))
	require.NoError(t, err)
	_, err = stranger.Do(r)
	require.Error(t, err)
}

// TestSlowHeader: who sends a header byte by byte is cut off by the deadline.
func TestSlowHeader(t *testing.T) {
	f := newFixture(t, func(f *fixture) { f.config.Limits.Header = 30 * time.Millisecond })
	address, _ := f.serve(t)
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /v1/scans HTTP/1.1\r\nHost: x\r\nAuthor")
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, err = io.ReadAll(conn)
	require.NoError(t, err, "the gateway closes the connection, not our deadline")
	require.NotContains(t, f.log.String(), `"message":"request"`)
}

// TestSlowBody: who announces a body and does not send it is answered and cut off.
func TestSlowBody(t *testing.T) {
	f := newFixture(t, func(f *fixture) { f.config.Limits.Read = 30 * time.Millisecond })
	address, _ := f.serve(t)
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /v1/scans HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+token+"\r\nContent-Length: 100000\r\n\r\n{")
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Contains(t, string(answer), "HTTP/1.1 408 ")
	require.Contains(t, string(answer), `"code":"timeout"`)
	require.Zero(t, f.bytes.used.Load())
}

func TestHeaderThatIsTooLarge(t *testing.T) {
	f := newFixture(t, func(f *fixture) { f.config.Limits.HeaderBytes = 1000 })
	address, _ := f.serve(t)
	r, err := http.NewRequest(http.MethodGet, "http://"+address+"/v1/schema", nil)
	require.NoError(t, err)
	r.Header.Set("X-Long", strings.Repeat("x", 10_000))
	response, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, 431, response.StatusCode)
}

// TestEndWaitsForRequests: a request in flight is acknowledged while the gateway ends.
func TestEndWaitsForRequests(t *testing.T) {
	begun, listening := make(chan struct{}), make(chan string, 1)
	f := newFixture(t, func(f *fixture) {
		f.produce = func(context.Context) error {
			close(begun)
			waitUntilClosed(<-listening)
			return nil
		}
	})
	address, stop := f.serve(t)
	listening <- address
	status := make(chan int, 1)
	client := clientOf(nil, func(p *http.Protocols) { p.SetHTTP1(true) })
	go func() {
		response, _ := post(t, client, "http://"+address+"/v1/scans", token)
		status <- response.StatusCode
	}()
	<-begun
	stop()
	require.Equal(t, 202, <-status)
}

// waitUntilClosed returns when nothing listens on the address any more.
func waitUntilClosed(address string) {
	for {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		conn.Close()
	}
}

// TestEndCutsOffWhatTakesTooLong: after the grace the request's context ends.
func TestEndCutsOffWhatTakesTooLong(t *testing.T) {
	begun := make(chan struct{})
	f := newFixture(t, func(f *fixture) {
		f.config.Limits.Grace = time.Millisecond
		f.produce = func(ctx context.Context) error { close(begun); <-ctx.Done(); return ctx.Err() }
	})
	address, stop := f.serve(t)
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /v1/scans HTTP/1.0\r\nAuthorization: Bearer "+token+"\r\nContent-Length: "+big.NewInt(int64(len(good))).String()+"\r\n\r\n"+good)
	require.NoError(t, err)
	<-begun
	stop()
	require.Contains(t, f.log.String(), "cut off")
}

func TestPortTaken(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	f := newFixture(t, func(f *fixture) { f.config.Listen = listener.Addr().String() })
	err = f.Run(context.Background())
	require.ErrorContains(t, err, listener.Addr().String())
	require.ErrorContains(t, err, "gateway.listen")
}

func TestConnectionsAreBounded(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	bounded := boundConnections(inner, 1)
	accepted := make(chan net.Conn)
	ended := make(chan error, 1)
	go func() {
		for {
			conn, err := bounded.Accept()
			if err != nil {
				ended <- err
				return
			}
			accepted <- conn
		}
	}()
	for range 2 {
		conn, err := net.Dial("tcp", inner.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
	}
	first := <-accepted
	require.Len(t, bounded.(*boundListener).places, 1)
	require.NoError(t, first.Close())
	_ = first.Close() // a place is given back once
	<-accepted
	require.NoError(t, bounded.Close())
	require.ErrorIs(t, <-ended, net.ErrClosed)
}

func TestTLSFilesAreChecked(t *testing.T) {
	ca := newAuthority(t)
	cert, key := ca.write(t, "c.pem"), ca.writeKey(t, "k.pem")
	for _, files := range []TLS{{Cert: cert}, {Key: key}, {ClientCA: cert}, {Cert: cert, Key: cert}, {Cert: cert, Key: key, ClientCA: key}, {Cert: cert, Key: key, ClientCA: cert + "x"}} {
		_, err := files.Load()
		require.ErrorContains(t, err, "gateway.tls")
	}
}

// authority issues certificates; its own serves as the server's too.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	folder      string
}

func newAuthority(t *testing.T) *authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &authority{certificate: certificate, key: key, folder: t.TempDir()}
}

func (a *authority) issue(t *testing.T, name string) tls.Certificate {
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &a.key.PublicKey, a.key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
}

func (a *authority) write(t *testing.T, name string) string {
	return a.writePEM(t, name, "CERTIFICATE", a.certificate.Raw)
}

func (a *authority) writeKey(t *testing.T, name string) string {
	der, err := x509.MarshalECPrivateKey(a.key)
	require.NoError(t, err)
	return a.writePEM(t, name, "EC PRIVATE KEY", der)
}

func (a *authority) writePEM(t *testing.T, name, kind string, der []byte) string {
	path := filepath.Join(a.folder, name)
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return path
}
