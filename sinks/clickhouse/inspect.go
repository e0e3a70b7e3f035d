package clickhouse

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/sql"
)

// The types of this file are what the auditor sees of a server; pipeline/retention/verify declares the same.

// InspectedTable is a table, view or dictionary.
type InspectedTable struct {
	Database, Name, Engine string
	// Partition is the partition key, Expiry the TTL expression, Settings the settings of the engine, as text.
	Partition, Expiry, Settings string
	// Columns are the definitions of the columns, without their texts.
	Columns string
	// Select is the query of a view, Target the table into which a materialized one writes.
	Select, Target string
}

// InspectedPart is a part of a table: active, inactive, detached, or dropped with its table.
type InspectedPart struct {
	Database, Table string
	Partition, Name string
	State           string
	Rows, Bytes     uint64
}

// InspectedMutation is a change of rows that the server remembers.
type InspectedMutation struct {
	Database, Table, ID string
	Changes, Done       bool
	Failure             string
}

// InspectedGrant is what somebody may do.
type InspectedGrant struct{ To, Access, Database, Table string }

// InspectedDisk is where the server keeps its tables.
type InspectedDisk struct {
	Name, Path string
	Remote     bool
}

// User is who is logged in.
func (s *Store) User() string { return s.cfg.User }

var (
	stringLiteral = regexp.MustCompile(`'(?:\\.|[^'\\])*'`)
	viewTarget    = regexp.MustCompile("^CREATE MATERIALIZED VIEW \\S+ (?:UUID \\S+ )?(?:REFRESH [^(]* )?TO (`?[^` .(]+`?\\.`?[^` (]+`?)")
)

// InspectTables lists what every database holds.
func (s *Store) InspectTables(ctx context.Context) (tables []InspectedTable, err error) {
	err = s.each(ctx, sql.InspectTables, nil, nil, func(rows driver.Rows) error {
		var t InspectedTable
		var engine, create string
		if err := rows.Scan(&t.Database, &t.Name, &t.Engine, &t.Partition, &engine, &create, &t.Select); err != nil {
			return err
		}
		rest, settings, _ := strings.Cut(engine, " SETTINGS ")
		_, t.Expiry, _ = strings.Cut(rest, " TTL ")
		t.Settings = settings
		// The names of columns stay, what their comments and defaults say goes.
		t.Columns, _, _ = strings.Cut(stringLiteral.ReplaceAllString(create, "''"), ") ENGINE = ")
		if t.Engine == "MaterializedView" {
			t.Target = t.Database + ".the inner table of " + t.Name
			if to := viewTarget.FindStringSubmatch(create); to != nil {
				t.Target = strings.ReplaceAll(to[1], "`", "")
			}
		}
		tables = append(tables, t)
		return nil
	})
	return tables, s.inspecting("tables", err)
}

// InspectParts lists the parts of every table.
func (s *Store) InspectParts(ctx context.Context) (parts []InspectedPart, err error) {
	err = s.each(ctx, sql.InspectParts, nil, nil, func(rows driver.Rows) error {
		var p InspectedPart
		err := rows.Scan(&p.Database, &p.Table, &p.Partition, &p.Name, &p.State, &p.Rows, &p.Bytes)
		parts = append(parts, p)
		return err
	})
	return parts, s.inspecting("parts", err)
}

// InspectMutations lists changes of rows.
func (s *Store) InspectMutations(ctx context.Context) (mutations []InspectedMutation, err error) {
	err = s.each(ctx, sql.InspectMutations, nil, nil, func(rows driver.Rows) error {
		var m InspectedMutation
		err := rows.Scan(&m.Database, &m.Table, &m.ID, &m.Changes, &m.Done, &m.Failure)
		mutations = append(mutations, m)
		return err
	})
	return mutations, s.inspecting("mutations", err)
}

// InspectGrants lists who may do what.
func (s *Store) InspectGrants(ctx context.Context) (grants []InspectedGrant, err error) {
	err = s.each(ctx, sql.InspectGrants, nil, nil, func(rows driver.Rows) error {
		var g InspectedGrant
		err := rows.Scan(&g.To, &g.Access, &g.Database, &g.Table)
		grants = append(grants, g)
		return err
	})
	return grants, s.inspecting("grants", err)
}

// InspectDisks lists where the server keeps its tables.
func (s *Store) InspectDisks(ctx context.Context) (disks []InspectedDisk, err error) {
	err = s.each(ctx, sql.InspectDisks, nil, nil, func(rows driver.Rows) error {
		var d InspectedDisk
		err := rows.Scan(&d.Name, &d.Path, &d.Remote)
		disks = append(disks, d)
		return err
	})
	return disks, s.inspecting("disks", err)
}

func (s *Store) inspecting(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("clickhouse: list all %s as user %s: %w", what, s.cfg.User, err)
}

// Views are the names of mailtrail's own views.
func (s *Store) Views() (names []string) {
	for _, object := range s.sql.Objects() {
		if object.Kind == sql.View {
			names = append(names, object.Name)
		}
	}
	return names
}
