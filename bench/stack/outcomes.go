package stack

import (
	"context"
	"fmt"
)

// Outcomes are numbers of events by what became of them.
type Outcomes map[string]uint64

// Sum is the number of all events.
func (o Outcomes) Sum() (sum uint64) {
	for _, events := range o {
		sum += events
	}
	return sum
}

// Since is what came on top of earlier outcomes.
func (o Outcomes) Since(earlier Outcomes) Outcomes {
	more := Outcomes{}
	for outcome, events := range o {
		if n := events - earlier[outcome]; n > 0 {
			more[outcome] = n
		}
	}
	return more
}

// Add adds others.
func (o Outcomes) Add(others Outcomes) {
	for outcome, events := range others {
		o[outcome] += events
	}
}

// Outcomes is what the receipts say so far.
func (s *Stack) Outcomes(ctx context.Context) (Outcomes, error) {
	rows, err := s.SQL.Query(ctx, "SELECT outcome.outcome, sum(outcome.events) FROM mailtrail_data.blocks ARRAY JOIN outcomes AS outcome GROUP BY 1")
	if err != nil {
		return nil, fmt.Errorf("read the receipts: %w", err)
	}
	defer rows.Close()
	outcomes := Outcomes{}
	for rows.Next() {
		var outcome string
		var events uint64
		if err := rows.Scan(&outcome, &events); err != nil {
			return nil, fmt.Errorf("read the receipts: %w", err)
		}
		outcomes[outcome] = events
	}
	return outcomes, rows.Err()
}

// Number asks ClickHouse for one number.
func (s *Stack) Number(ctx context.Context, query string, args ...any) (n uint64, err error) {
	if err := s.SQL.QueryRow(ctx, query, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("ask %s: %w", query, err)
	}
	return n, nil
}

// ActiveParts is the number of active parts of a base table.
func (s *Stack) ActiveParts(ctx context.Context, table string) (uint64, error) {
	return s.Number(ctx, "SELECT count() FROM system.parts WHERE active AND database = 'mailtrail_data' AND table = ?", table)
}
