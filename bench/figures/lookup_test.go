package figures

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/simulate"
	"mailtrail/schemas/barcode"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/clickhouse"
)

// Pieces are looked up in a month of mail as ingest left it, with the query of `mailtrail piece`: alone on the machine, and
// while ingest takes in a backlog.
func TestLookup(t *testing.T) {
	s := newSite(t)
	days, events := sized(2, 25), sized[uint64](10_000, 20_000_000)
	s.month(days, events)
	var rows, slots, parts uint64
	require.NoError(t, s.SQL.QueryRow(t.Context(), "SELECT count(), uniq(slot), uniq(_part) FROM mailtrail_data.scans WHERE retention_class IN (?, ?)",
		retention.MailTracking, retention.PackageTracking).Scan(&rows, &slots, &parts))
	what := fmt.Sprintf("look-up of a piece among %s rows, %d slots, %d parts, ", thousands(rows), slots, parts)

	wanted := s.pieces(sized(10, 2000))
	store := s.storeAs(embedded.Auditor)
	idle, found := s.lookUp(store, wanted)
	bench.report.add(what+"idle", "p99 25 ms", "%s; %.1f rows found each; %s", idle, float64(found)/float64(len(idle)), s.lookUpCost())

	backlog := s.fill(defaultMail(31, sized[uint64](20_000, 60_000_000), simulate.Protobuf))
	taking := s.beginTaking()
	require.NoError(t, taking.role.Ready(time.Minute))
	loaded, _ := s.lookUp(store, wanted)
	left := backlog.Sum() - taking.taken().Sum()
	lasted := time.Since(taking.began)
	taking.await(backlog.Sum())
	got := taking.end()
	require.Equal(t, backlog, got.outcomes)
	bench.report.add(what+"under full load", "p99 100 ms", "%s in %s, at whose end %s events still waited; meanwhile %s", loaded, lasted.Round(time.Second), thousands(left), got)
	if *long {
		require.NotZero(t, left, "the backlog must last as long as the look-ups")
	}
}

// month takes in mail whose last scans lie on so many days one after the other, in the order in which they would have come. An
// ingest takes from Kafka what is older than `behind` as long as its slot lives; only the simulator's own schedule has to
// be told so, or it would refuse to make it.
func (s *site) month(days int, events uint64) {
	s.t.Helper()
	schedule, err := retention.Parse([]byte(strings.NewReplacer("limit: 30d", "limit: 40d", "behind: 20d", "behind: 31d").Replace(string(retention.Builtin().Source()))))
	require.NoError(s.t, err)
	ingest := s.beginTaking()
	sum := uint64(0)
	for day := days; day >= 1; day-- {
		options := defaultMail(uint64(100+day), events/uint64(days), simulate.Protobuf)
		options.Start = options.Now.Add(-time.Duration(day) * 24 * time.Hour)
		options.Shares.Late, options.Shares.Stale, options.Shares.Expired = 0, 0, 0
		options.Schedule = schedule
		sum += s.fill(options).Sum()
	}
	ingest.await(sum)
	got := ingest.end()
	// The oldest scans may be due by now, which the simulator's schedule does not know.
	require.Equal(s.t, sum, got.outcomes.Sum())
	require.Greater(s.t, got.outcomes["stored"], events*9/10)
}

// pieces are barcodes of pieces chosen at random, of both mail and packages.
func (s *site) pieces(n int) (wanted [][]string) {
	s.t.Helper()
	types := barcode.BuiltinServiceTypes()
	for _, class := range []string{retention.MailTracking, retention.PackageTracking} {
		var texts []string
		require.NoError(s.t, s.SQL.QueryRow(s.t.Context(), `SELECT groupUniqArray(?)(text) FROM (
			SELECT multiIf(imb != '', imb, impb != '', impb, s10) AS text FROM mailtrail.scans WHERE retention_class = ? AND text != '' ORDER BY rand() LIMIT ?)`,
			n/2, class, n).Scan(&texts))
		require.Len(s.t, texts, n/2)
		for _, text := range texts {
			parsed, err := barcode.Parse(text)
			require.NoError(s.t, err)
			wanted = append(wanted, parsed.LookupKeys(types))
		}
	}
	return wanted
}

func (s *site) storeAs(user string) *clickhouse.Store {
	store, err := clickhouse.Open(clickhouse.Config{Addr: []string{s.Native}, Database: "mailtrail", User: user, Definer: embedded.Definer},
		clickhouse.Deps{Password: func() (string, error) { return s.Password(user) }, Schedule: retention.Builtin()})
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = store.Close() })
	return store
}

// lookUp looks up the pieces one after the other, in an order that mixes the classes.
func (s *site) lookUp(store *clickhouse.Store, wanted [][]string) (times spread, found int) {
	s.t.Helper()
	half := len(wanted) / 2
	for i := range wanted {
		keys := wanted[i/2+i%2*half]
		began := time.Now()
		rows, err := store.Piece(s.t.Context(), keys)
		require.NoError(s.t, err)
		n := 0
		for _, err := range rows.All() {
			require.NoError(s.t, err)
			n++
		}
		require.NoError(s.t, rows.Close())
		times = append(times, time.Since(began))
		require.NotZero(s.t, n, "every piece is found")
		found += n
	}
	return sorted(times), found
}

// lookUpCost is what ClickHouse says about the look-ups so far.
func (s *site) lookUpCost() string {
	s.asOwner("SYSTEM FLUSH LOGS", nil)
	var n, parts, marks, rows, micros float64
	require.NoError(s.t, s.SQL.QueryRow(s.t.Context(), `SELECT toFloat64(count()), avg(ProfileEvents['SelectedParts']), avg(ProfileEvents['SelectedMarks']), avg(read_rows),
		avg(ProfileEvents['OSCPUVirtualTimeMicroseconds']) FROM system.query_log WHERE type = 'QueryFinish' AND query LIKE '%SELECT piece FROM wanted%' AND user = ?`,
		embedded.Auditor).Scan(&n, &parts, &marks, &rows, &micros))
	require.NotZero(s.t, n)
	return fmt.Sprintf("on average %.1f parts, %.1f granules, %s rows read and %.1f ms of CPU of ClickHouse", parts, marks, thousands(rows), micros/1000)
}
