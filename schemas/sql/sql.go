package sql

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"text/template"

	"mailtrail/schemas/retention"
)

//go:embed tables/*.sql views/*.sql queries/*.sql reports/*.sql
var files embed.FS

// Kind is what an [Object] is.
type Kind string

// The kinds of objects; each is the folder of its files.
const (
	Table Kind = "tables"
	View  Kind = "views"
)

// Object is a table or view that must exist on the server.
type Object struct {
	Kind     Kind
	Database string
	Name     string
	// Create is the statement that makes it.
	Create string
	// Draft makes the same object under the name DraftName, over drafts of the
	// tables that it reads, so that no row can reach it. The server's own form
	// of it, read through [SQL.Settle], is what Create would give.
	Draft     string
	DraftName string
}

// SQL is all statements, with their holes filled.
type SQL struct {
	names    Names
	schedule *retention.Schedule
	objects  []Object
	queries  map[rowsQuery]string
	reports  map[string]string
}

// rowsQuery is a query about the rows of a table of events. Most queries ask the same whatever that table is.
type rowsQuery struct {
	query Query
	table string
}

// eventTables are the tables that hold a row for each event of a topic; the first is meant where none is named.
func eventTables() []string { return []string{"scans", "images", "records"} }

// New fills the holes. The error names the file and what is missing in the
// names or in the schedule.
func New(names Names, schedule *retention.Schedule) (*SQL, error) {
	if err := names.check(); err != nil {
		return nil, err
	}
	s := &SQL{names: names, schedule: schedule, queries: map[rowsQuery]string{}, reports: map[string]string{}}
	for _, kind := range []Kind{Table, View} {
		err := s.eachFile(string(kind), func(name, text string) error {
			if kind == Table && optional(name) && !kept(schedule, name) {
				return nil
			}
			object, err := s.object(kind, name, text, schedule)
			s.objects = append(s.objects, object)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	err := s.eachFile("queries", func(name, text string) (err error) {
		for _, table := range eventTables() {
			if optional(table) && !kept(schedule, table) {
				continue
			}
			if s.queries[rowsQuery{Query(name), table}], err = render(text, world{names: names}, "", table, schedule); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = s.eachFile(reportFolder, func(name, text string) (err error) {
		s.reports[name], err = render(text, world{names: names}, "", "", schedule)
		return err
	})
	return s, err
}

// Objects returns all tables and views in the order in which they can be made.
func (s *SQL) Objects() []Object { return s.objects }

// Databases returns the databases: base tables first, then public views.
func (s *SQL) Databases() []string { return []string{s.names.Data(), s.names.Public} }

// Query returns a query; its parameters are described in its file.
func (s *SQL) Query(query Query) string { return s.QueryRows(query, eventTables()[0]) }

// QueryRows returns a query about the rows of one of the tables of events.
func (s *SQL) QueryRows(query Query, table string) string { return s.queries[rowsQuery{query, table}] }

func (s *SQL) object(kind Kind, name, text string, schedule *retention.Schedule) (o Object, err error) {
	real, draft := world{names: s.names}, world{names: s.names, draft: true}
	o = Object{Kind: kind, Name: name, Database: s.names.Data()}
	if kind == View {
		o.Database = s.names.Public
	}
	if o.Create, err = render(text, real, real.object(kind, name), "", schedule); err != nil {
		return o, err
	}
	o.Draft, err = render(text, draft, draft.object(kind, name), "", schedule)
	_, o.DraftName, _ = strings.Cut(draft.object(kind, name), ".")
	return o, err
}

func (s *SQL) eachFile(folder string, do func(name, text string) error) error {
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		text, err := fs.ReadFile(files, path.Join(folder, entry.Name()))
		if err != nil {
			return err
		}
		if err := do(strings.TrimSuffix(entry.Name(), ".sql"), string(text)); err != nil {
			return fmt.Errorf("%s/%s: %w", folder, entry.Name(), err)
		}
	}
	return nil
}

func render(text string, w world, name, rows string, schedule *retention.Schedule) (string, error) {
	t, err := template.New("").Funcs(holes(w, schedule)).Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, map[string]string{"Name": name, "Rows": rows, "Data": w.names.Data(), "Definer": w.names.Definer})
	return strings.TrimSpace(b.String()), err
}
