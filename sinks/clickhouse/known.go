package clickhouse

import (
	"context"
	"fmt"

	"mailtrail/schemas/sql"
)

// moveKnown moves the known barcodes that a version before wrote into the epochs to the table in which they have a limit,
// and leaves their hash. Killed in between, it moves them again.
func (m *migration) moveKnown(ctx context.Context) error {
	var epochs uint64
	err := m.conn.QueryRow(ctx, m.sql.Query(sql.KnownInEpochs)).Scan(&epochs)
	if err != nil {
		if m.dry && isMissing(err) {
			return nil // it would have been made by now
		}
		return err
	}
	if epochs == 0 {
		return nil
	}
	m.changes = append(m.changes, Change{m.data + ".epochs: rows", Altered, []string{
		fmt.Sprintf("%d epochs held known barcodes in full, which have a table with a limit now", epochs),
	}})
	for _, query := range []sql.Query{sql.MoveKnown, sql.KnownToHash} {
		if err := m.exec(ctx, m.sql.Query(query)); err != nil {
			return err
		}
	}
	return nil
}
