package keys

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"
)

// The protocol: POST /v1/keys/{class}/{start}?use=seal or open, start in RFC 3339 UTC. 200 brings 48 bytes; anything else
// {"error":{"code","message"}}. It is spoken over a unix socket or mutual TLS alone.

// grantType is the content type of a key.
const grantType = "application/vnd.mailtrail.slot-key"

// grantSize: the key, seal_at and destroy_at (Unix seconds, big-endian).
const grantSize = secretSize + 8 + 8

// maxAnswer bounds an answer in bytes.
const maxAnswer = 4 << 10

func keyPath(class string, start time.Time, use Use) string {
	return "/v1/keys/" + url.PathEscape(class) + "/" + start.UTC().Format(time.RFC3339) + "?use=" + string(use)
}

// encodeGrant writes the body of a 200. The caller wipes it.
func encodeGrant(g *Grant) []byte {
	body := append(make([]byte, 0, grantSize), g.Key.raw()...)
	body = binary.BigEndian.AppendUint64(body, uint64(g.Slot.SealAt.Unix()))
	return binary.BigEndian.AppendUint64(body, uint64(g.Slot.DestroyAt.Unix()))
}

// decodeGrant reads it, for the slot that was asked for, and wipes body.
func decodeGrant(id ID, body []byte) (Grant, error) {
	defer clear(body)
	if len(body) != grantSize {
		return Grant{}, fmt.Errorf("%w: an answer of %d bytes; expected %d", ErrUnavailable, len(body), grantSize)
	}
	var times [2]time.Time
	for i := range times {
		seconds := binary.BigEndian.Uint64(body[secretSize+8*i:])
		if seconds >= 1<<40 {
			return Grant{}, fmt.Errorf("%w: an answer with a time that is none", ErrUnavailable)
		}
		times[i] = time.Unix(int64(seconds), 0).UTC()
	}
	return Grant{Slot{id.Class, id.Start, times[0], times[1]}, secretOf(body[:secretSize])}, nil
}

// refusal is the body of anything but a 200.
type refusal struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// decodeRefusal makes an error of it, of this package's; unavailable where it makes no sense.
func decodeRefusal(status int, body []byte) error {
	var r refusal
	if err := json.Unmarshal(body, &r); err == nil {
		for _, a := range answers() {
			if a.code == r.Error.Code && a.status == status {
				return fmt.Errorf("%w (said the key authority)", a.err)
			}
		}
	}
	return fmt.Errorf("%w: it answered with status %d %s", ErrUnavailable, status, http.StatusText(status))
}

// MutualTLS is the TLS of both sides: a certificate of our own, and the authorities whose certificates the other side may
// show. cert, key and ca are PEM files (keys.tls.cert, keys.tls.key, keys.tls.ca).
func MutualTLS(cert, key, ca string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("keys.tls.cert and keys.tls.key: %w", err)
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, fmt.Errorf("keys.tls.ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("keys.tls.ca: %s holds no certificate in PEM form", ca)
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}, RootCAs: pool, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}, nil
}

// errPlain: slot keys never travel in the clear.
var errPlain = errors.New("slot keys travel over a unix socket or mutual TLS alone: set keys.tls, or use unix:PATH")

func checkWay(network string, config *tls.Config) error {
	if network != "unix" && (config == nil || config.ClientAuth != tls.RequireAndVerifyClientCert) {
		return errPlain
	}
	return nil
}
