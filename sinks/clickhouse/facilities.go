package clickhouse

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/sql"
)

// fillFacilities puts the facility table's edition in place of others. The
// newest edition is what readers see, so they never see two, nor half of one:
// it comes in as one block. A dry run only says so.
func (s *Store) fillFacilities(ctx context.Context, dry bool) (Change, error) {
	sum := sha256.Sum256(s.deps.Facilities.Encode())
	edition := hex.EncodeToString(sum[:])
	change := Change{Object: s.sql.Databases()[0] + ".facilities: rows", Action: Unchanged}
	there, err := s.editions(ctx)
	if dry && isMissing(err) {
		there, err = nil, nil // it would have been made by now
	}
	if err != nil {
		return change, err
	}
	if dry {
		if len(there) != 1 || there[0] != edition {
			change.Action, change.Drift = Filled, []string{"edition was another"}
		}
		return change, nil
	}
	if len(there) == 0 || there[0] != edition {
		change.Action = Filled
		change.Drift = append(change.Drift, "edition was another")
		// An edition that was there before is put in again under a new token.
		now := time.Now().UTC()
		if err := s.insertFacilities(ctx, edition, now); err != nil {
			return change, err
		}
	}
	for _, old := range there {
		if old == edition {
			continue
		}
		if err := s.conn.Exec(ctx, s.sql.DropEdition(old)); err != nil {
			return change, fmt.Errorf("drop edition %s: %w", old, err)
		}
	}
	return change, nil
}

// editions returns the editions in the table, the newest first.
func (s *Store) editions(ctx context.Context) (found []string, err error) {
	err = s.each(ctx, sql.Editions, nil, nil, func(rows driver.Rows) error {
		var edition string
		err := rows.Scan(&edition)
		found = append(found, edition)
		return err
	})
	return found, err
}

func (s *Store) insertFacilities(ctx context.Context, edition string, loaded time.Time) error {
	columns := []string{"edition", "loaded", "localeKey", "name", "type", "city", "state", "zip", "zone"}
	token := fmt.Sprintf("facilities:%s:%d", edition, loaded.UnixMilli())
	return s.insert(ctx, "facilities", token, columns, func(batch driver.Batch) error {
		for f := range s.deps.Facilities.All() {
			err := batch.Append(edition, loaded, f.LocaleKey, f.Name, f.Type.String(), f.City, f.State, f.ZIP5, s.deps.Facilities.ZoneName(f.Zone))
			if err != nil {
				return err
			}
		}
		return nil
	})
}
