// Package kafka is mailtrail's side of Apache Kafka: writing with every
// acknowledgement, reading one partition ahead in batches with transactions
// resolved, committing offsets with metadata under a group's generation, and
// bringing topics to what the retention schedule asks for. It stands on
// github.com/segmentio/kafka-go.
package kafka

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// ClientID is the name under which mailtrail appears in the broker's logs and quotas.
const ClientID = "mailtrail"

// Config says where the brokers are and how to come in.
type Config struct {
	Brokers []string
	// TLS is nil for a plain connection.
	TLS *tls.Config
	// Mechanism is "", "PLAIN", "SCRAM-SHA-256" or "SCRAM-SHA-512".
	Mechanism, User, Password string
}

// Client is a pool of connections to the brokers. It is safe for concurrent use.
type Client struct {
	brokers   []string
	addr      net.Addr
	transport *kafkago.Transport
	dialer    *kafkago.Dialer
	client    *kafkago.Client
}

// New makes a client; no connection is opened until it is used.
func New(config Config) (*Client, error) {
	if len(config.Brokers) == 0 {
		return nil, errors.New("kafka.brokers: at least one address is needed")
	}
	mechanism, err := config.mechanism()
	if err != nil {
		return nil, err
	}
	transport := &kafkago.Transport{
		ClientID: ClientID, TLS: config.TLS, SASL: mechanism,
		DialTimeout: 5 * time.Second, IdleTimeout: time.Minute, MetadataTTL: 5 * time.Second,
	}
	addr := kafkago.TCP(config.Brokers...)
	return &Client{
		brokers:   config.Brokers,
		addr:      addr,
		transport: transport,
		dialer: &kafkago.Dialer{
			ClientID: ClientID, TLS: config.TLS, SASLMechanism: mechanism, Timeout: 5 * time.Second, DualStack: true,
		},
		client: &kafkago.Client{Addr: addr, Transport: transport, Timeout: 30 * time.Second},
	}, nil
}

// Close closes idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

func (c Config) mechanism() (sasl.Mechanism, error) {
	switch c.Mechanism {
	case "":
		return nil, nil
	case "PLAIN":
		return plain.Mechanism{Username: c.User, Password: c.Password}, nil
	case "SCRAM-SHA-256":
		return scram.Mechanism(scram.SHA256, c.User, c.Password)
	case "SCRAM-SHA-512":
		return scram.Mechanism(scram.SHA512, c.User, c.Password)
	}
	return nil, fmt.Errorf("kafka.sasl.mechanism is %q, expected PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", c.Mechanism)
}
