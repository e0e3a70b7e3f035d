package figures

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/schemas/retention"
)

// A slot is destroyed in the same time however much lies in it.
func TestDrop(t *testing.T) {
	s := newSite(t)
	store := s.storeAs(embedded.Writer)
	today := time.Now().UTC().Truncate(24 * time.Hour)
	for i, rows := range []int{sized(1000, 100_000), sized(2000, 1_000_000), sized(4000, 10_000_000)} {
		var took []time.Duration
		for n := range sized(2, 7) {
			slot := today.AddDate(0, 0, -60-10*i-n)
			s.fillSlot(slot, rows)
			began := time.Now()
			require.NoError(t, store.DropSlot(t.Context(), retention.PackageTracking, "scans", slot.Unix()))
			took = append(took, time.Since(began))
			var left uint64
			require.NoError(t, s.SQL.QueryRow(t.Context(), "SELECT count() FROM mailtrail_data.scans WHERE slot = ?", slot).Scan(&left))
			require.Zero(t, left)
		}
		slices.Sort(took)
		bench.report.add(fmt.Sprintf("destruction of a slot of %s rows", thousands(uint64(rows))), "the same for all sizes", "median %s, longest %s of %d",
			took[len(took)/2].Round(100*time.Microsecond), took[len(took)-1].Round(100*time.Microsecond), len(took))
	}
}

// fillSlot puts rows of packages into one slot, in blocks as large as ingest's.
func (s *site) fillSlot(slot time.Time, rows int) {
	s.t.Helper()
	query := fmt.Sprintf("INSERT INTO mailtrail_data.scans (retention_class, slot, piece, scanDatetime, received, offset, tag) "+
		"SELECT '%s', toDateTime('%s', 'UTC') AS s, rand64(), s, s, number, randomFixedString(10) FROM numbers(%d)", retention.PackageTracking, slot.Format(time.DateTime), rows)
	s.asOwner(query, url.Values{"max_insert_block_size": {"250000"}, "min_insert_block_size_rows": {"250000"}, "max_threads": {"1"}})
}
