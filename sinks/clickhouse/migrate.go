package clickhouse

import (
	"context"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/sql"
)

// Action is what Migrate did to an object.
type Action string

// The actions.
const (
	Unchanged Action = "unchanged"
	Created   Action = "created"
	Altered   Action = "altered"
	Replaced  Action = "replaced"
	Filled    Action = "filled"
	Dropped   Action = "dropped"
)

// Change says what Migrate did to one object.
type Change struct {
	// Object is its qualified name.
	Object string
	Action Action
	// Drift is what was not as it should be, in words.
	Drift []string
}

// Migrate makes databases, tables and views what this version needs, and says
// of each object what it did. Where everything is as it should be it changes
// nothing. It must log in as the owner of the databases; only one may run at a
// time.
//
// What an object should be is asked of the server itself: each is made a
// second time as an empty draft, and the two descriptions are compared.
//
// Missing columns are added; types, comments, expiry and the settings that we
// name are put right; views are replaced at once. A column or setting that we do
// not know stays. What cannot be altered in place, as the partition key or the
// columns that are stored, is an error with the remedy. Last, what only a
// version before needed is dropped.
func (s *Store) Migrate(ctx context.Context) ([]Change, error) { return s.migrate(ctx, false) }

// Drift says what Migrate would do, and does none of it. It makes and drops the
// drafts, so it must log in as the owner too.
func (s *Store) Drift(ctx context.Context) ([]Change, error) { return s.migrate(ctx, true) }

func (s *Store) migrate(ctx context.Context, dry bool) ([]Change, error) {
	m := migration{sql: s.sql, conn: s.conn, data: s.sql.Databases()[0], dry: dry}
	if err := m.run(ctx); err != nil {
		return m.changes, fmt.Errorf("clickhouse: migrate: %w", err)
	}
	if s.deps.Facilities != nil {
		change, err := s.fillFacilities(ctx, dry)
		if err != nil {
			return m.changes, fmt.Errorf("clickhouse: migrate: fill the facilities: %w", err)
		}
		m.changes = append(m.changes, change)
	}
	return m.changes, nil
}

// migration is one run of Migrate or Drift.
type migration struct {
	sql     *sql.SQL
	conn    driver.Conn
	data    string          // the database of the base tables and drafts
	known   map[string]bool // the settings of tables that the server knows
	dry     bool            // only drafts are made
	changes []Change
}

// exec changes an object, unless nothing is to be changed.
func (m *migration) exec(ctx context.Context, statement string) error {
	if m.dry {
		return nil
	}
	return m.conn.Exec(ctx, statement)
}

func (m *migration) run(ctx context.Context) (err error) {
	if err := m.readKnown(ctx); err != nil {
		return fmt.Errorf("ask for the server's settings of tables: %w", err)
	}
	for _, database := range m.sql.Databases() {
		if err := m.exec(ctx, sql.CreateDatabase(database)); err != nil {
			return fmt.Errorf("create database %s: %w", database, err)
		}
	}
	var there []sql.Object
	for _, object := range m.sql.Objects() {
		description, err := m.describe(ctx, object.Database, object.Name)
		if err != nil {
			return err
		}
		if description != nil {
			there = append(there, object)
		}
	}
	if len(there) > 0 {
		defer func() { err = errors.Join(err, m.dropDrafts(context.WithoutCancel(ctx))) }()
		if err := m.makeDrafts(ctx); err != nil {
			return err
		}
	}
	for _, object := range m.sql.Objects() {
		change, err := m.bring(ctx, object)
		if err != nil {
			return fmt.Errorf("%s: %w", change.Object, err)
		}
		m.changes = append(m.changes, change)
	}
	if err := m.moveKnown(ctx); err != nil {
		return fmt.Errorf("move the known barcodes out of the epochs: %w", err)
	}
	return m.dropRetired(ctx)
}

func (m *migration) readKnown(ctx context.Context) error {
	rows, err := m.conn.Query(ctx, m.sql.Query(sql.KnownSettings))
	if err != nil {
		return err
	}
	defer rows.Close()
	m.known = map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		m.known[name] = true
	}
	return rows.Err()
}

// bring makes one object what it should be.
func (m *migration) bring(ctx context.Context, o sql.Object) (Change, error) {
	change := Change{Object: o.Database + "." + o.Name, Action: Unchanged}
	have, err := m.describe(ctx, o.Database, o.Name)
	if err != nil {
		return change, err
	}
	if have == nil {
		change.Action = Created
		if m.dry {
			return change, nil
		}
		return change, m.create(ctx, o.Create)
	}
	want, err := m.describe(ctx, m.data, o.DraftName)
	if err != nil {
		return change, err
	}
	if want == nil {
		return change, errors.New("its draft is gone: does another migrate run at the same time?")
	}
	want.settle(m.sql)
	if o.Kind == sql.Table {
		err = m.mendTable(ctx, o, have, want, &change)
	} else {
		err = m.mendView(ctx, o, have, want, &change)
	}
	return change, err
}

// dropRetired removes what only a version before needed, once no view reads it.
func (m *migration) dropRetired(ctx context.Context) error {
	for _, r := range m.sql.Retired() {
		have, err := m.describe(ctx, r.Database, r.Name)
		if err != nil {
			return err
		}
		if have == nil {
			continue
		}
		name := r.Database + "." + r.Name
		if err := m.exec(ctx, r.Drop); err != nil {
			return fmt.Errorf("%s: drop what this version does not need: %w", name, err)
		}
		m.changes = append(m.changes, Change{Object: name, Action: Dropped, Drift: []string{"this version does not need it"}})
	}
	return nil
}

func (m *migration) create(ctx context.Context, statement string) error {
	return m.conn.Exec(ctx, sql.ForServer(statement, m.known))
}

func (m *migration) makeDrafts(ctx context.Context) error {
	if err := m.dropDrafts(ctx); err != nil { // of a migrate that was killed
		return err
	}
	for _, object := range m.sql.Objects() {
		if err := m.create(ctx, object.Draft); err != nil {
			return fmt.Errorf("%s.%s: make its draft: %w", object.Database, object.Name, err)
		}
	}
	return nil
}

func (m *migration) dropDrafts(ctx context.Context) error {
	objects := m.sql.Objects()
	for i := len(objects) - 1; i >= 0; i-- { // views before what they read
		if err := m.conn.Exec(ctx, objects[i].DropDraft(m.data)); err != nil {
			return fmt.Errorf("%s.%s: drop its draft: %w", objects[i].Database, objects[i].Name, err)
		}
	}
	return nil
}
