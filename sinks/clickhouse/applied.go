package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/retention"
	"mailtrail/schemas/sql"
)

// The server's exceptions that say that what is asked for is not there.
const (
	unknownIdentifier = 47
	unknownTable      = 60
	unknownDatabase   = 81
)

// isMissing tells whether the server has no such table, database or column yet.
func isMissing(err error) bool {
	var said *ch.Exception
	return errors.As(err, &said) && (said.Code == unknownIdentifier || said.Code == unknownTable || said.Code == unknownDatabase)
}

// AppliedSchedule returns the rows of the schedule from which the server's
// tables and views were made last, without its topics and disposal; nil where
// there is none yet, or one of a version before this view.
func (s *Store) AppliedSchedule(ctx context.Context) (*retention.Schedule, error) {
	applied := &retention.Schedule{}
	err := s.each(ctx, sql.AppliedSchedule, nil, nil, func(rows driver.Rows) error {
		var r retention.Row
		var kind, limit, bound, clock, idle string
		var slot, margin, behind uint64
		var stores []string
		var flows bool
		err := rows.Scan(&r.Class, &kind, &r.Rule, &r.System, &r.Record, &limit, &bound, &clock, &idle, &slot, &margin, &behind, &stores, &r.Sealed, &flows,
			&r.Citation, &r.Reason, &r.Decision)
		if err != nil {
			return err
		}
		r.Bound, r.Clock, r.Planned = retention.Bound(bound), retention.Clock(clock), !flows && len(stores) > 0
		r.Slot, r.Margin, r.Behind = inSeconds(slot), inSeconds(margin), inSeconds(behind)
		putPlaces(&r, stores)
		for _, value := range []struct {
			text string
			into *retention.Limit
		}{{limit, &r.Limit}, {idle, &r.Idle}} {
			if value.text == "" {
				continue
			}
			if err := value.into.UnmarshalText([]byte(value.text)); err != nil {
				return fmt.Errorf("class %s: %w", r.Class, err)
			}
		}
		if kind == "own" {
			if r.Bound == retention.Ceiling {
				r.Bound = "" // as the schedule leaves it out
			}
			applied.Own = append(applied.Own, r)
		} else {
			applied.Classes = append(applied.Classes, r)
		}
		return nil
	})
	switch {
	case isMissing(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("clickhouse: read the schedule that was applied last: %w", err)
	case len(applied.Classes) == 0:
		return nil, nil
	}
	return applied, nil
}

func inSeconds(n uint64) retention.Duration {
	return retention.Duration(time.Duration(n) * time.Second)
}

// putPlaces takes the row's places from their texts.
func putPlaces(r *retention.Row, stores []string) {
	for _, text := range stores {
		store, name, _ := strings.Cut(text, " ")
		system, isSystem := strings.CutPrefix(name, "system.")
		switch {
		case store == string(retention.Kafka):
			r.Topic = name
		case store == string(retention.Objects):
			r.Buckets = append(r.Buckets, name)
		case store == string(retention.Files):
			r.Folders = append(r.Folders, name)
		case isSystem:
			r.SystemTables = append(r.SystemTables, system)
		default:
			r.Tables = append(r.Tables, name)
		}
	}
}
