package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"mailtrail/cmd/mailtrail/config"
	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/sinks/clickhouse"
	"mailtrail/sinks/kafka"
)

// newKafka makes the client of the configured brokers; nothing is connected yet.
func newKafka(c *config.Loaded) (*kafka.Client, error) {
	tls, err := clientTLS("kafka.tls", c.Kafka.TLS)
	if err != nil {
		return nil, err
	}
	password := ""
	if c.Kafka.SASL.Mechanism != "" {
		if password, err = c.Kafka.SASL.PasswordFile.Read(); err != nil {
			return nil, err
		}
	}
	return kafka.New(kafka.Config{
		Brokers: config.Strings(c.Kafka.Brokers), TLS: tls,
		Mechanism: c.Kafka.SASL.Mechanism, User: c.Kafka.SASL.User, Password: password,
	})
}

// openClickHouse makes the store; nothing is connected yet. embeddedUser is who logs in to the embedded server, where
// the configuration does not name a user; to an external one it is the configured user.
func openClickHouse(c *config.Loaded, rules *ruleBook, embeddedUser string) (*clickhouse.Store, error) {
	if c.ClickHouse.Cluster != "" {
		return nil, fmt.Errorf("clickhouse.cluster is %q, but this version keeps its tables on one server: leave the key empty", c.ClickHouse.Cluster)
	}
	tls, err := clientTLS("clickhouse.tls", c.ClickHouse.TLS)
	if err != nil {
		return nil, err
	}
	user, password := c.ClickHouse.User, c.ClickHouse.PasswordFile.Read
	switch {
	case user == "" && c.Mode == config.Embedded:
		user = embeddedUser
		password = func() (string, error) { return embeddedPassword(c, user) }
	case c.ClickHouse.PasswordFile.Path == "":
		password = nil
	}
	return clickhouse.Open(clickhouse.Config{
		Addr: config.Strings(c.ClickHouse.Addr), Database: c.ClickHouse.Database, User: user, Definer: embedded.Definer, TLS: tls,
	}, clickhouse.Deps{Password: password, Schedule: rules.schedule, Facilities: rules.tables.Facilities})
}

func embeddedPassword(c *config.Loaded, user string) (string, error) {
	raw, err := os.ReadFile(embedded.PasswordFile(c.Data, user))
	if os.IsNotExist(err) {
		return "", fmt.Errorf("there is no embedded ClickHouse in the data folder %s yet: run `mailtrail up` first, or set data to its folder", c.Data)
	}
	if err != nil {
		return "", fmt.Errorf("read the password of ClickHouse user %s: %w", user, err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// connections are both stores of a role, and what decides about events.
type connections struct {
	rules      *ruleBook
	kafka      *kafka.Client
	clickhouse *clickhouse.Store
}

// connect makes the clients of both stores; nothing is connected yet.
func (r *role) connect(embeddedUser string) (*connections, error) {
	rules, err := r.rules()
	if err != nil {
		return nil, err
	}
	client, err := newKafka(r.config)
	if err != nil {
		return nil, err
	}
	store, err := openClickHouse(r.config, rules, embeddedUser)
	return &connections{rules, client, store}, err
}

func (c *connections) close() {
	c.kafka.Close()
	c.clickhouse.Close()
}

// await calls try until it succeeds or ctx ends, for servers that are just being started. It returns the last error.
func await(ctx context.Context, patience time.Duration, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(200 * time.Millisecond):
		}
	}
}
