package clickhouse

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/facility"
	"mailtrail/schemas/retention"
	"mailtrail/schemas/sql"
)

// Config says where the server is and who logs in.
type Config struct {
	// Addr are the servers' addresses, HOST:PORT of the native protocol; the
	// next is tried where one does not answer.
	Addr []string
	// Database is the database of the public views; the base tables lie in
	// the database of that name with _data behind it.
	Database string
	// User logs in: the owner to migrate, the writer to insert.
	User string
	// Definer is the user, without a login, as which all views run: it reads
	// the base tables.
	Definer string
	// TLS is nil for a connection in clear.
	TLS *tls.Config
	// DialTimeout is how long a connection may take, 0 for 5 s; the same
	// again is how long a call waits for a free one.
	DialTimeout time.Duration
	// Connections is how many calls can be under way, 0 for 16.
	Connections int
}

// Deps is what a Store needs from others.
type Deps struct {
	// Password returns the password of the user; it is asked once. Nil means
	// an empty one.
	Password func() (string, error)
	// Schedule gives the tables their limits and the rows of mailtrail's own
	// tables their slots.
	Schedule *retention.Schedule
	// Facilities is what Migrate fills the facility table from; nil leaves it
	// as it is.
	Facilities *facility.Table
}

// Store is one ClickHouse with mailtrail's tables. It is safe for concurrent use.
type Store struct {
	cfg     Config
	deps    Deps
	sql     *sql.SQL
	options ch.Options
	conn    driver.Conn // names no database: see connect
	public  driver.Conn // for queries that people write
	hot     *hot
	blocks  sync.Pool // of *scanBlock
}

// Open makes a Store; a connection is made when one is first needed.
func Open(cfg Config, deps Deps) (*Store, error) {
	if cfg.DialTimeout == 0 {
		cfg.DialTimeout = 5 * time.Second
	}
	if cfg.Connections == 0 {
		cfg.Connections = 16
	}
	statements, err := sql.New(sql.Names{Public: cfg.Database, Definer: cfg.Definer}, deps.Schedule)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	password := ""
	if deps.Password != nil {
		if password, err = deps.Password(); err != nil {
			return nil, fmt.Errorf("clickhouse: password of user %s: %w", cfg.User, err)
		}
	}
	s := &Store{cfg: cfg, deps: deps, sql: statements}
	s.blocks.New = func() any { return &scanBlock{} }
	s.options = ch.Options{
		Protocol:        ch.Native,
		Addr:            cfg.Addr,
		Auth:            ch.Auth{Username: cfg.User, Password: password},
		TLS:             cfg.TLS,
		DialTimeout:     cfg.DialTimeout,
		MaxOpenConns:    cfg.Connections,
		MaxIdleConns:    cfg.Connections,
		ConnMaxLifetime: time.Hour,
	}
	s.hot = newHot(s.options)
	return s, s.connect()
}

// connect makes the pools. Our own statements name the database of each table,
// and their connections name none: one that names a database which is not
// there ends the embedded engine of 26.7 (an exception of the handshake that
// nobody catches).
func (s *Store) connect() (err error) {
	if s.conn, err = ch.Open(&s.options); err != nil {
		return fmt.Errorf("clickhouse: %w", err)
	}
	options := s.options
	options.Auth.Database = s.cfg.Database
	if s.public, err = ch.Open(&options); err != nil {
		return fmt.Errorf("clickhouse: %w", err)
	}
	return nil
}

// Ping asks the server whether it is there.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.conn.Ping(ctx); err != nil {
		return fmt.Errorf("clickhouse: %w", withRemedy(err))
	}
	return nil
}

// Close closes all connections.
func (s *Store) Close() error { return errors.Join(s.conn.Close(), s.public.Close(), s.hot.close()) }

// slotOf returns the slot of a row of mailtrail's own, whose clock is at.
func (s *Store) slotOf(class string, at int64) time.Time {
	return time.Unix(s.deps.Schedule.Row(class).SlotOf(at), 0).UTC()
}
