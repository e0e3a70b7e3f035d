package kafka

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"
	"github.com/segmentio/kafka-go/protocol/saslauthenticate"
	"github.com/segmentio/kafka-go/protocol/saslhandshake"
	"github.com/segmentio/kafka-go/sasl"
)

// dialTimeout bounds connecting to a broker and coming in.
const dialTimeout = 5 * time.Second

// dialLeader opens a connection to the broker that leads the partition, comes
// in as the client does, and returns the newest version of Fetch that both know.
func (c *Client) dialLeader(ctx context.Context, topic string, partition int32) (*protocol.Conn, int16, error) {
	leader, err := c.leader(ctx, topic, partition)
	if err != nil {
		return nil, 0, fmt.Errorf("look up the leader: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	addr := net.JoinHostPort(leader.Host, strconv.Itoa(leader.Port))
	conn, version, err := c.dial(limited, leader)
	if err != nil {
		if limited.Err() != nil {
			err = limited.Err() // what broke the connection off
		}
		return nil, 0, fmt.Errorf("connect to broker %s: %w", addr, err)
	}
	return conn, version, nil
}

// leader asks which broker leads the partition. The picture of the cluster
// that the client keeps may be some seconds old.
func (c *Client) leader(ctx context.Context, topic string, partition int32) (kafkago.Broker, error) {
	res, err := c.client.Metadata(ctx, &kafkago.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return kafkago.Broker{}, err
	}
	for _, t := range res.Topics {
		if t.Name != topic {
			continue
		}
		if t.Error != nil {
			return kafkago.Broker{}, t.Error
		}
		for _, p := range t.Partitions {
			switch {
			case p.ID != int(partition):
			case p.Leader.Host == "":
				return kafkago.Broker{}, kafkago.LeaderNotAvailable
			default:
				return p.Leader, nil // an error of the partition may mean its other replicas
			}
		}
	}
	return kafkago.Broker{}, kafkago.UnknownTopicOrPartition
}

func (c *Client) dial(ctx context.Context, leader kafkago.Broker) (conn *protocol.Conn, version int16, err error) {
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(leader.Host, strconv.Itoa(leader.Port)))
	if err != nil {
		return nil, 0, err
	}
	secured := raw
	defer func() {
		if err != nil {
			_ = raw.Close()
		}
	}()
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })
	defer func() {
		if !stop() && err == nil {
			err = ctx.Err()
		}
	}()
	if c.transport.TLS != nil {
		config := c.transport.TLS.Clone()
		if config.ServerName == "" {
			config.ServerName = leader.Host
		}
		client := tls.Client(raw, config)
		if err := client.HandshakeContext(ctx); err != nil {
			return nil, 0, err
		}
		secured = client
	}
	conn = protocol.NewConn(secured, ClientID)
	if version, err = negotiate(conn); err != nil {
		return nil, 0, err
	}
	if c.transport.SASL != nil {
		ctx = sasl.WithMetadata(ctx, &sasl.Metadata{Host: leader.Host, Port: leader.Port})
		if err := authenticate(ctx, conn, c.transport.SASL); err != nil {
			return nil, 0, fmt.Errorf("log in by SASL %s: %w", c.transport.SASL.Name(), err)
		}
	}
	return conn, version, nil
}

// negotiate asks which versions the broker knows.
func negotiate(conn *protocol.Conn) (fetch int16, err error) {
	msg, err := conn.RoundTrip(new(apiversions.Request))
	if err != nil {
		return 0, err
	}
	res := msg.(*apiversions.Response)
	if res.ErrorCode != 0 {
		return 0, kafkago.Error(res.ErrorCode)
	}
	versions := map[protocol.ApiKey]int16{}
	for _, api := range res.ApiKeys {
		key := protocol.ApiKey(api.ApiKey)
		versions[key] = key.SelectVersion(api.MinVersion, api.MaxVersion)
		if key == protocol.Fetch {
			if api.MinVersion > newestFetch || api.MaxVersion < oldestFetch {
				return 0, fmt.Errorf("%w: the broker fetches by versions %d to %d, expected one of %d to %d",
					kafkago.UnsupportedVersion, api.MinVersion, api.MaxVersion, oldestFetch, newestFetch)
			}
			fetch = min(api.MaxVersion, newestFetch)
		}
	}
	conn.SetVersions(versions)
	return fetch, nil
}

// authenticate comes in by SASL.
func authenticate(ctx context.Context, conn *protocol.Conn, mechanism sasl.Mechanism) error {
	msg, err := conn.RoundTrip(&saslhandshake.Request{Mechanism: mechanism.Name()})
	if err != nil {
		return err
	}
	if code := msg.(*saslhandshake.Response).ErrorCode; code != 0 {
		return kafkago.Error(code)
	}
	session, say, err := mechanism.Start(ctx)
	if err != nil {
		return err
	}
	for done := false; !done; {
		msg, err := conn.RoundTrip(&saslauthenticate.Request{AuthBytes: say})
		if err != nil {
			return err
		}
		res := msg.(*saslauthenticate.Response)
		if res.ErrorCode != 0 {
			return kafkago.Error(res.ErrorCode)
		}
		if done, say, err = session.Next(ctx, res.AuthBytes); err != nil {
			return err
		}
	}
	return nil
}
