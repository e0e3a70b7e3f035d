package verify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Table is a table, view or dictionary as the server tells it.
type Table struct {
	Database, Name, Engine string
	// Partition is the partition key, Expiry the TTL expression, Settings the settings of the engine, as text.
	Partition, Expiry, Settings string
	// Columns are the definitions of the columns, without their comments.
	Columns string
	// Select is the query of a view, Target the table into which a materialized one writes.
	Select, Target string
}

// Part is a part of a table, in whatever state.
type Part struct {
	Database, Table string
	// Partition is its value as the server writes it, empty where only its id is known.
	Partition, Name string
	// State is active, inactive, detached or dropped.
	State       string
	Rows, Bytes uint64
}

// Mutation is a change of rows.
type Mutation struct {
	Database, Table, ID string
	// Changes tells whether it deletes or updates rows, so that its text holds values. What migrate does without a value does not.
	Changes, Done bool
	// Failure is why it does not come to its end; empty where nothing failed.
	Failure string
}

// Grant is what somebody may do; To is "user NAME" or "role NAME". Database and Table are empty where it is all of them.
type Grant struct{ To, Access, Database, Table string }

// Disk is where the server keeps its tables.
type Disk struct {
	Name, Path string
	Remote     bool
}

// Clock is what a part's rows say of their clocks, Unix milliseconds.
type Clock struct {
	Part           string
	Oldest, Newest int64
}

// Server is ClickHouse, as the auditor's user sees it.
type Server interface {
	// User is who asks.
	User() string
	// Tables lists those of every database; tables of the server's own that hold nothing are left out.
	Tables(ctx context.Context) ([]Table, error)
	// Parts lists those of every table: active, inactive, detached, and of tables that are dropped.
	Parts(ctx context.Context) ([]Part, error)
	Mutations(ctx context.Context) ([]Mutation, error)
	Grants(ctx context.Context) ([]Grant, error)
	Disks(ctx context.Context) ([]Disk, error)
	// Expiries evaluates the TTL expression for slots of classes, Unix seconds, in their order.
	Expiries(ctx context.Context, expiry string, classes []string, slots []int64) ([]int64, error)
	// Clocks reads the clocks of the rows by part; parts that are known already are left out. ErrNoClock: the table has no column
	// of a clock.
	Clocks(ctx context.Context, database, table string, known []string) ([]Clock, error)
}

// ErrNoClock says that a table has no column that tells how old a row is.
var ErrNoClock = errors.New("the table has no column that tells the clock of a row")

// ClickHouse inspects a server.
type ClickHouse struct {
	Server Server
	// Public is the database of the views, Data that of the base tables.
	Public, Data string
	// Views are the names of ours, Users those who may read base tables.
	Views, Users []string
	// Folders tells of a disk's folder whether it is seen as files.
	Folders func(path string) bool
	// Seen keeps the clocks of parts from one look to the next, since a part never changes; nil: all are read each time.
	Seen *Seen
}

// Inspect lists everything that the server holds and looks into it.
func (c ClickHouse) Inspect(ctx context.Context, look *Look) error {
	tables, err := c.Server.Tables(ctx)
	if err != nil {
		return err
	}
	for i := range tables {
		look.Inspected(1)
		c.table(ctx, look, &tables[i])
	}
	parts, err := c.Server.Parts(ctx)
	if err != nil {
		look.missed(InClickHouse, "parts", err)
	}
	look.Inspected(len(parts))
	c.parts(ctx, look, tables, parts)
	if err := c.mutations(ctx, look); err != nil {
		look.missed(InClickHouse, "mutations", err)
	}
	if err := c.rights(ctx, look); err != nil {
		look.missed(InClickHouse, "grants", err)
	}
	if err := c.disks(ctx, look); err != nil {
		look.missed(InClickHouse, "disks", err)
	}
	return ctx.Err()
}

// place is the table's name as the schedule has it, empty where the schedule can have none of that database.
func (c ClickHouse) place(database, table string) string {
	switch database {
	case c.Data:
		return table
	case "system":
		return "system." + table
	}
	return ""
}

// table holds one table against the schedule.
func (c ClickHouse) table(ctx context.Context, look *Look, t *Table) {
	object := t.Database + "." + t.Name
	switch {
	case strings.HasSuffix(t.Engine, "View"):
		c.view(look, t, object)
		return
	case len(look.schedule.inTable(c.place(t.Database, t.Name))) == 0 || !strings.HasSuffix(t.Engine, "MergeTree"):
		look.Found(Finding{Kind: NotInSchedule, Store: InClickHouse, Object: object, Text: "a table of engine " + t.Engine + " that the schedule does not have"})
		return
	}
	if strings.Contains(t.Columns, " TTL ") {
		look.Found(Finding{Kind: ColumnExpiry, Store: InClickHouse, Object: object, Text: "a column has an expiry of its own, which can hold up the expiry of the rows for ever"})
	}
	classes := look.schedule.inTable(c.place(t.Database, t.Name))
	if !classes[0].sliced {
		return
	}
	if want := c.partition(t, classes); t.Partition != want {
		look.Found(Finding{Kind: NotBySlot, Store: InClickHouse, Object: object, Text: fmt.Sprintf("its partitions are by %q; expected %q, so that a slot can go at once", t.Partition, want)})
	}
	c.expiry(ctx, look, t, object, classes)
}

// partition is the key by which a table of slots must be cut.
func (c ClickHouse) partition(t *Table, classes []*class) string {
	switch {
	case t.Database == "system":
		return fmt.Sprintf("intDiv(toUnixTimestamp(event_time), %d)", int64(classes[0].slot/time.Second))
	case strings.Contains(t.Columns, "`retention_class`"):
		return "(retention_class, slot)"
	}
	return "slot"
}

// expiry asks the server when the rows of a slot would go by themselves, and compares.
func (c ClickHouse) expiry(ctx context.Context, look *Look, t *Table, object string, classes []*class) {
	if t.Expiry == "" {
		look.Found(Finding{Kind: NoExpiry, Store: InClickHouse, Object: object, Text: "it has no expiry of its own: what the sweeper leaves stays"})
		return
	}
	if !strings.Contains(t.Settings, "ttl_only_drop_parts = 1") {
		look.Found(Finding{Kind: LateExpiry, Store: InClickHouse, Object: object, Text: "ttl_only_drop_parts is not 1: rows that are due wait until their part is written anew"})
	}
	names, slots := make([]string, len(classes)), make([]int64, len(classes))
	for i, c := range classes {
		names[i], slots[i] = c.name, look.Now.Truncate(c.slot).Unix()
	}
	ends, err := c.Server.Expiries(ctx, t.Expiry, names, slots)
	if err != nil {
		look.missed(InClickHouse, object, fmt.Errorf("its expiry could not be evaluated: %w", err))
		return
	}
	for i, class := range classes {
		slot := time.Unix(slots[i], 0).UTC()
		if end, limit := time.Unix(ends[i], 0).UTC(), class.until(slot); end.After(limit) {
			look.Found(Finding{Kind: LateExpiry, Store: InClickHouse, Object: object, Class: class.name,
				Text: fmt.Sprintf("by its own expiry the slot of %s would go at %s, after its limit at %s", stamp(slot), stamp(end), stamp(limit))})
		}
	}
}

// mutations looks for changes of rows, whose text stays with the server.
func (c ClickHouse) mutations(ctx context.Context, look *Look) error {
	mutations, err := c.Server.Mutations(ctx)
	for _, m := range mutations {
		look.Inspected(1)
		object := m.Database + "." + m.Table + " " + m.ID
		switch {
		case m.Changes:
			look.Found(Finding{Kind: MutationKept, Store: InClickHouse, Object: object, Text: "a change of rows by ALTER: the server keeps its text, with the values in it"})
		case m.Failure != "" && !m.Done:
			look.Found(Finding{Kind: MutationKept, Store: InClickHouse, Object: object, Text: "a change that does not come to its end holds up merges and expiry"})
		}
	}
	return err
}

// disks makes sure that what no query shows can be seen as files.
func (c ClickHouse) disks(ctx context.Context, look *Look) error {
	disks, err := c.Server.Disks(ctx)
	for _, d := range disks {
		look.Inspected(1)
		if d.Remote || !c.Folders(d.Path) {
			look.missed(InClickHouse, "disk "+d.Name, fmt.Errorf("no query shows frozen copies and stray files on %s: name it in verify.directories where this machine sees it, or waive it", d.Path))
		}
	}
	return err
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
