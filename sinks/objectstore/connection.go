package objectstore

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// connection is the way to the store.
type connection struct {
	client    *minio.Core
	transport *http.Transport
}

// connections is how many requests can be under way without a new connection for each.
const connections = 64

// login are the credentials of the configuration.
func login(cfg Config, secretKey func() (string, error)) (*credentials.Credentials, error) {
	secret := ""
	if secretKey != nil {
		var err error
		if secret, err = secretKey(); err != nil {
			return nil, fmt.Errorf("objects: secret of the access key: %w", err)
		}
	}
	return credentials.NewStaticV4(cfg.AccessKey, secret, ""), nil
}

func connect(cfg Config, login *credentials.Credentials) (*connection, error) {
	transport := &http.Transport{
		Proxy:       http.ProxyFromEnvironment,
		DialContext: (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		// Connections that stay open spare a handshake each; the default of two would close the rest.
		MaxIdleConns: connections, MaxIdleConnsPerHost: connections, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: 5 * time.Second, TLSClientConfig: cfg.TLS, ResponseHeaderTimeout: time.Minute,
		// What the server sends must come as it lies there.
		DisableCompression: true, WriteBufferSize: 64 << 10, ReadBufferSize: 64 << 10,
	}
	client, err := minio.NewCore(cfg.Endpoint, &minio.Options{
		Creds: login, Secure: cfg.TLS != nil, Transport: transport,
		MaxRetries: 1, // who calls knows better when to try again, and counts it
	})
	if err != nil {
		return nil, fmt.Errorf("objects.endpoint %q: %w", cfg.Endpoint, err)
	}
	return &connection{client, transport}, nil
}

// Close closes idle connections.
func (c *connection) Close() { c.transport.CloseIdleConnections() }
