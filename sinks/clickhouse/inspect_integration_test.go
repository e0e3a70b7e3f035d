package clickhouse

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/ledger"
	"mailtrail/pipeline/retention/verify"
	"mailtrail/schemas/retention"
)

// inspected is a Store as the auditor wants it; cmd has the same.
type inspected struct{ *Store }

func (s inspected) Tables(ctx context.Context) (list []verify.Table, err error) {
	found, err := s.InspectTables(ctx)
	for _, each := range found {
		list = append(list, verify.Table(each))
	}
	return list, err
}

func (s inspected) Parts(ctx context.Context) (list []verify.Part, err error) {
	found, err := s.InspectParts(ctx)
	for _, each := range found {
		list = append(list, verify.Part(each))
	}
	return list, err
}

func (s inspected) Mutations(context.Context) ([]verify.Mutation, error) { return nil, nil }

func (s inspected) Grants(ctx context.Context) (list []verify.Grant, err error) {
	found, err := s.InspectGrants(ctx)
	for _, each := range found {
		list = append(list, verify.Grant(each))
	}
	return list, err
}

func (s inspected) Disks(context.Context) ([]verify.Disk, error) { return nil, nil }

func (s inspected) Expiries(ctx context.Context, expiry string, classes []string, slots []int64) ([]int64, error) {
	return s.InspectExpiries(ctx, expiry, classes, slots)
}

func (s inspected) Clocks(ctx context.Context, database, table string, known []string) (list []verify.Clock, err error) {
	found, err := s.InspectClocks(ctx, database, table, known)
	for _, each := range found {
		list = append(list, verify.Clock(each))
	}
	return list, err
}

// openedBook is a ledger beside its writer, without a calendar.
type openedBook struct{ *ledger.Reader }

func (openedBook) Gaps(time.Time) iter.Seq[verify.Gap] { return func(func(verify.Gap) bool) {} }

func (b openedBook) Ended(class string, slot time.Time, table string) (time.Time, error) {
	_, entries, err := b.Slot(class, slot)
	if len(entries) == 0 || entries[0].Object != table {
		return time.Time{}, err
	}
	return entries[0].Time, err
}

func TestInspect(t *testing.T) {
	owner, writer := fresh(t)
	require.NoError(t, writer.InsertScans(t.Context(), "t", block(0, 60, 3, retention.MailTracking, retention.PackageTracking)))
	s := open(t, clickhouse.Auditor, retention.Builtin())
	require.Equal(t, clickhouse.Auditor, s.User())
	require.Contains(t, s.Views(), "scans")

	exec(t, owner, "CREATE TABLE mailtrail_data.by_hand (a String COMMENT 'it\\'s TTL 5', b DateTime) ENGINE = MergeTree ORDER BY a TTL b + toIntervalDay(1)")
	exec(t, owner, "CREATE MATERIALIZED VIEW mailtrail_data.feed TO mailtrail_data.by_hand AS SELECT device AS a, received AS b FROM mailtrail_data.scans")
	exec(t, owner, "CREATE MATERIALIZED VIEW mailtrail_data.inner ENGINE = MergeTree ORDER BY a AS SELECT device AS a FROM mailtrail_data.scans")
	tables, err := s.InspectTables(t.Context())
	require.NoError(t, err)
	find := func(name string) InspectedTable {
		at := slices.IndexFunc(tables, func(table InspectedTable) bool { return table.Name == name && table.Database == "mailtrail_data" })
		require.GreaterOrEqual(t, at, 0, name)
		return tables[at]
	}
	byHand := find("by_hand")
	require.Equal(t, "b + toIntervalDay(1)", byHand.Expiry)
	require.NotContains(t, byHand.Columns, "TTL", "a comment is none")
	require.Equal(t, "(retention_class, slot)", find("scans").Partition)
	require.Equal(t, "mailtrail_data.by_hand", find("feed").Target)
	require.Contains(t, find("inner").Target, "inner table")
	require.NotContains(t, tables, "one")

	parts, err := s.InspectParts(t.Context())
	require.NoError(t, err)
	var known []string
	for _, p := range parts {
		if p.Table == "scans" && p.State == "active" {
			known = append(known, p.Name)
		}
	}
	require.Len(t, known, 6)
	clocks, err := s.InspectClocks(t.Context(), "mailtrail_data", "scans", known[:4])
	require.NoError(t, err)
	require.Len(t, clocks, 2)
	for _, c := range clocks {
		require.Contains(t, known[4:], c.Part)
		require.LessOrEqual(t, c.Oldest, c.Newest)
		require.WithinDuration(t, time.Now(), time.UnixMilli(c.Oldest), 72*time.Hour)
	}
	_, err = s.InspectClocks(t.Context(), "mailtrail_data", "epochs", nil)
	require.True(t, errors.Is(err, ErrNoClock))

	ends, err := s.InspectExpiries(t.Context(), find("scans").Expiry, []string{retention.MailTracking, retention.PackageTracking}, []int64{86400, 0})
	require.NoError(t, err)
	row := retention.Builtin().Row(retention.MailTracking)
	require.Equal(t, row.BackstopAt(86400), ends[0])
	_, err = s.InspectExpiries(t.Context(), "nonsense(", []string{"a"}, []int64{0})
	require.Error(t, err)

	grants, err := s.InspectGrants(t.Context())
	require.NoError(t, err)
	require.Contains(t, grants, InspectedGrant{"user ann", "SELECT", "mailtrail", ""})
	disks, err := s.InspectDisks(t.Context())
	require.NoError(t, err)
	require.Len(t, disks, 1)
	require.False(t, disks[0].Remote)

	require.ErrorContains(t, s.conn.Exec(t.Context(), "DROP TABLE mailtrail_data.by_hand"), "Not enough privileges", "the auditor changes nothing")
	require.ErrorContains(t, s.conn.Exec(t.Context(), "ALTER TABLE mailtrail_data.scans FREEZE"), "Not enough privileges")
	exec(t, owner, "DROP TABLE mailtrail_data.feed SYNC")
	exec(t, owner, "DROP TABLE mailtrail_data.inner SYNC")
}
