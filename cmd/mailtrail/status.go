package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
)

// statusPatience is how long a store may take to say how it stands.
const statusPatience = 10 * time.Second

func newStatusCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "status",
		Short: "One screen for the operator: what waits, what is kept, what is free",
		Long: `status asks every store how it stands: of each partition of each topic that ingest takes in what it has
not taken in yet, as a share of the topic's life, and the open intent; of each retention class the oldest slot and when it is destroyed;
tables, disks, slot keys, the last verification and versions. The exit status is 1 where a store cannot be reached, events were lost
or the auditor found something.`,
		Example: `  mailtrail status --config site.yaml
  mailtrail status --format json | grep '"section":"kafka"'`,
		Args: cobra.NoArgs,
	}
	format := addFormatFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error { return a.status(c.Context(), *format) }
	return command
}

// section is a part of the status: rows of cells, which are text, numbers, times, nil, or one of the types of status_cells.go.
type section struct {
	name, title string
	columns     []statusColumn
	rows        [][]any
	// problem is a sentence about what is wrong; there may be rows beside it.
	problem string
}

// statusColumn has a name for programs, with its unit, and a heading for people.
type statusColumn struct{ name, heading string }

func (a *app) status(ctx context.Context, format rowFormat) error {
	r, err := a.plainRole()
	if err != nil {
		return err
	}
	rules, err := r.rules()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, statusPatience)
	defer cancel()
	var front, stores []section
	var asking sync.WaitGroup
	asking.Go(func() { front = r.kafkaStatus(ctx, rules) })
	asking.Go(func() { stores = r.clickHouseStatus(ctx, rules) })
	asking.Wait()
	sections := append(append(front, stores...), r.keyStatus(rules), r.verifySection(), r.versions())
	if err := writeStatus(a.stdout, format, sections); err != nil {
		return err
	}
	var problems []string
	for _, s := range sections {
		if s.problem != "" {
			problems = append(problems, s.name)
		}
	}
	if len(problems) > 0 {
		return &findings{"not all is well with " + strings.Join(slices.Compact(problems), ", ")}
	}
	return nil
}

// versions says what runs here; a store's own version stands in its section.
func (r *role) versions() section {
	b := thisBuild()
	return section{name: "mailtrail", title: "This program", columns: []statusColumn{{"version", "version"}, {"commit", "commit"}, {"go_version", "built with"}, {"mode", "mode"}},
		rows: [][]any{{b.version, b.commit, b.goVersion, string(r.config.Mode)}}}
}

func writeStatus(out io.Writer, format rowFormat, sections []section) error {
	switch format {
	case "json":
		return writeStatusObjects(out, sections)
	case "csv":
		return writeStatusCells(out, sections)
	}
	for i, s := range sections {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := s.writeTable(out); err != nil {
			return err
		}
	}
	return nil
}

func (s *section) writeTable(out io.Writer) error {
	if _, err := fmt.Fprintln(out, s.title); err != nil {
		return err
	}
	if s.problem != "" {
		fmt.Fprintln(out, "  ! "+s.problem)
	}
	if len(s.rows) == 0 {
		return nil
	}
	headings := make([]string, len(s.columns))
	for i, column := range s.columns {
		headings[i] = column.heading
	}
	rows, err := newRowWriter(out, "table", headings...)
	if err != nil {
		return err
	}
	for _, row := range s.rows {
		cells := make([]any, len(row))
		for i, cell := range row {
			cells[i] = forPeople(cell)
		}
		if err := rows.Row(cells...); err != nil {
			return err
		}
	}
	return rows.Close()
}

// writeStatusObjects writes one object a row, with its section; a problem is an object of its own.
func writeStatusObjects(out io.Writer, sections []section) error {
	for _, s := range sections {
		names := []string{"section"}
		for _, column := range s.columns {
			names = append(names, column.name)
		}
		rows, err := newRowWriter(out, "json", names...)
		if err != nil {
			return err
		}
		for _, row := range s.rows {
			cells := []any{s.name}
			for _, cell := range row {
				cells = append(cells, forPrograms(cell))
			}
			if err := rows.Row(cells...); err != nil {
				return err
			}
		}
		if s.problem == "" {
			continue
		}
		problem, err := newRowWriter(out, "json", "section", "problem")
		if err != nil {
			return err
		}
		if err := problem.Row(s.name, s.problem); err != nil {
			return err
		}
	}
	return nil
}

// writeStatusCells writes one line a cell, since the sections have different columns and CSV has one header. item is the
// first cell of the row: the partition, the class, the table, the disk.
func writeStatusCells(out io.Writer, sections []section) error {
	rows, err := newRowWriter(out, "csv", "section", "item", "field", "value")
	if err != nil {
		return err
	}
	for _, s := range sections {
		for _, row := range s.rows {
			for i, cell := range row[1:] {
				if err := rows.Row(s.name, forPrograms(row[0]), s.columns[i+1].name, forPrograms(cell)); err != nil {
					return err
				}
			}
		}
		if s.problem != "" {
			if err := rows.Row(s.name, "", "problem", s.problem); err != nil {
				return err
			}
		}
	}
	return rows.Close()
}
