package clickhouse

import (
	"context"
	"fmt"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// Report asks a report of schemas/sql, as the configured user. values has the text of each parameter, as the server reads it.
func (s *Store) Report(ctx context.Context, name string, values map[string]string) (*Rows, error) {
	text, err := s.ReportText(name)
	if err != nil {
		return nil, err
	}
	rows, err := s.public.Query(ch.Context(ctx, ch.WithParameters(values)), text)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: report %s: %w", name, withRemedy(err))
	}
	return newRows(rows), nil
}

// ReportText returns the SQL of a report, with the parameters as holes.
func (s *Store) ReportText(name string) (string, error) {
	text, ok := s.sql.Report(name)
	if !ok {
		return "", fmt.Errorf("clickhouse: there is no report %q", name)
	}
	return text, nil
}
