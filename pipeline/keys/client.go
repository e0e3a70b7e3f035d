package keys

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// ClientConfig says where the authority is.
type ClientConfig struct {
	// Network is "unix" or "tcp", Address a path or host:port.
	Network, Address string
	// TLS is needed over tcp: see [MutualTLS].
	TLS *tls.Config
}

// Client asks an authority in another process. It keeps nothing; a [Holder] does.
type Client struct {
	http *http.Client
	base string
}

// NewClient is inert. The error says that the way is not safe for keys.
func NewClient(config ClientConfig) (*Client, error) {
	if err := checkWay(config.Network, config.TLS); err != nil {
		return nil, fmt.Errorf("keys.connect: %w", err)
	}
	transport := &http.Transport{TLSClientConfig: config.TLS, MaxIdleConns: 4, IdleConnTimeout: time.Minute}
	c := &Client{http: &http.Client{Transport: transport, Timeout: 5 * time.Second}, base: "https://" + config.Address}
	if config.Network == "unix" {
		c.base = "http://keys"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			name, done, err := socketName(config.Address)
			if err != nil {
				return nil, err
			}
			defer done()
			return new(net.Dialer).DialContext(ctx, "unix", name)
		}
	}
	// A redirect would take the question elsewhere.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, nil
}

// Key asks for a key.
func (c *Client) Key(ctx context.Context, class string, start time.Time, use Use) (Grant, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+keyPath(class, start, use), http.NoBody)
	if err != nil {
		return Grant{}, fmt.Errorf("%w: %w", ErrNoSlot, err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return Grant{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer response.Body.Close()
	body := make([]byte, maxAnswer)
	defer clear(body)
	n, err := io.ReadFull(response.Body, body)
	if err != io.EOF && err != io.ErrUnexpectedEOF {
		return Grant{}, fmt.Errorf("%w: its answer is cut off or too long", ErrUnavailable)
	}
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != grantType {
		return Grant{}, decodeRefusal(response.StatusCode, body[:n])
	}
	return decodeGrant(ID{class, start.UTC()}, body[:n])
}
