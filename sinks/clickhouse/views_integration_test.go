package clickhouse

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// What is due is invisible in every view though it still lies in the tables:
// destroy_at has passed and the store's own expiry has not yet come.
func TestDueSlotsAreInvisible(t *testing.T) {
	owner, s := fresh(t)
	for _, table := range []string{"scans", "blocks", "batches", "replays"} {
		exec(t, owner, "SYSTEM STOP MERGES mailtrail_data."+table)
	}
	row := retention.Builtin().Row(retention.MailTracking)
	now := time.Now().Unix()
	c := &event.ScanColumns{Heads: event.Heads{Topic: event.ScansTopic}}
	appendRow(c, 1, 0, retention.MailTracking, now-row.Life()-60, "due")
	appendRow(c, 2, 0, retention.MailTracking, now-row.Life()+600, "kept")
	appendRow(c, 3, 0, retention.PackageTracking, now-row.Life()-60, "kept")
	appendRow(c, 4, 0, "no_such_class", today(), "due")
	require.NoError(t, s.InsertScans(t.Context(), "t", c))
	require.EqualValues(t, 4, stored(t, s))

	for query, want := range map[string]uint64{
		"SELECT count() FROM mailtrail.scans":                           2,
		"SELECT count() FROM mailtrail.scans WHERE pieceKey = 'kept'":   2,
		"SELECT count() FROM mailtrail.pieces":                          2,
		"SELECT count() FROM mailtrail.pieces WHERE pieceKey = 'due'":   0,
		"SELECT sum(events) FROM mailtrail.volumes":                     2,
		"SELECT toUInt64(sum(rows)) FROM mailtrail.retention_status":    2,
		"SELECT count() FROM mailtrail.blocks":                          0,
		"SELECT count() FROM mailtrail.push_groups":                     0,
		"SELECT count() FROM mailtrail.rejects_summary":                 0,
		"SELECT count() FROM mailtrail.retention_status WHERE rows > 0": 2,
	} {
		require.Equal(t, want, number(t, s, query), query)
	}
}

func TestViewsPrunePartitions(t *testing.T) {
	owner, s := fresh(t)
	exec(t, owner, "SYSTEM STOP MERGES mailtrail_data.scans")
	c := &event.ScanColumns{Heads: event.Heads{Topic: event.ScansTopic}}
	life := retention.Builtin().Row(retention.MailTracking).Life()
	for i := range int64(6) { // six slots within the margin, due and not yet expired
		appendRow(c, i, 0, retention.MailTracking, time.Now().Unix()-life-60-i, "due")
	}
	appendRow(c, 6, 0, retention.MailTracking, today(), "kept")
	require.NoError(t, s.InsertScans(t.Context(), "t", c))

	for _, query := range []string{"SELECT count(pieceKey), max(idTag) FROM mailtrail.scans", "SELECT sum(events) FROM mailtrail.volumes", "SELECT * FROM mailtrail.pieces WHERE pieceKey = 'kept'"} {
		var plan strings.Builder
		rows, err := owner.Query(t.Context(), "EXPLAIN indexes = 1 "+query)
		require.NoError(t, err)
		for values, err := range rows.All() {
			require.NoError(t, err)
			plan.WriteString(values[0].(string) + "\n")
		}
		require.NoError(t, rows.Close())
		require.Contains(t, plan.String(), "Parts: 1/7", "%s reads one part of seven:\n%s", query, plan.String())
	}
}

func TestScansViewTellsWhatIsInIt(t *testing.T) {
	_, s := fresh(t)
	c := &event.ScanColumns{Heads: event.Heads{Topic: event.ScansTopic}}
	for i, barcode := range []struct{ key, digits string }{
		{"F-900123456-000012", "0027090012345600001210118112501"}, {"270-123456-000000001", "00270123456000000001"}, {"pimb-94270901234560000121", "94270901234560000121"}, {"k", ""},
	} {
		row := rowOf(int64(i), 0, retention.MailTracking, today(), barcode.key)
		row.Code, row.Flags = []byte(barcode.digits), uint32(event.KeyNotUnique)
		c.Append(&row, sample)
	}
	require.NoError(t, s.InsertScans(t.Context(), "t", c))
	type parts struct {
		Tracking, Routing, ID, Stid, Mid, Serial string
		NotUnique, UpsideDown                    bool
		Start                                    *time.Time
		Local                                    time.Time
	}
	var got []parts
	rows, err := s.conn.Query(t.Context(), `SELECT imbTrackingCode, imbRoutingCode, imbBarcodeId, imbStid, imbMid, imbSerialNumber,
		pieceKeyNotUnique, upsideDown, startTheClockDate, scanLocalDatetime FROM mailtrail.scans ORDER BY offset`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var p parts
		require.NoError(t, rows.Scan(&p.Tracking, &p.Routing, &p.ID, &p.Stid, &p.Mid, &p.Serial, &p.NotUnique, &p.UpsideDown, &p.Start, &p.Local))
		require.True(t, p.NotUnique)
		require.False(t, p.UpsideDown)
		require.Nil(t, p.Start)
		require.Equal(t, time.Unix(today()-300*60, 0).UTC(), p.Local.Truncate(time.Second))
		p.NotUnique, p.Local = false, time.Time{}
		got = append(got, p)
	}
	require.Equal(t, []parts{
		{Tracking: "00270900123456000012", Routing: "10118112501", ID: "00", Stid: "270", Mid: "900123456", Serial: "000012"},
		{Tracking: "00270123456000000001", ID: "00", Stid: "270", Mid: "123456", Serial: "000000001"},
		{Tracking: "94270901234560000121", ID: "94", Stid: "270"},
		{},
	}, got)
}

func TestPiecesView(t *testing.T) {
	_, s := fresh(t)
	require.NoError(t, s.InsertScans(t.Context(), "t", block(0, 3000, 3)))
	var n uint64
	var first, last time.Time
	var locale string
	require.NoError(t, s.conn.QueryRow(t.Context(), "SELECT scans, firstScan, lastScan, lastLocaleKey FROM mailtrail.pieces WHERE pieceKey = 'key0000007'").Scan(&n, &first, &last, &locale))
	require.EqualValues(t, 3, n)
	require.True(t, first.Before(last))
	require.Equal(t, "V19160", locale)
	require.EqualValues(t, 1000, number(t, s, "SELECT count() FROM mailtrail.pieces"))
}

func TestVolumesCountsTheRowsThatAreThere(t *testing.T) {
	owner, s := fresh(t)
	require.NoError(t, s.InsertScans(t.Context(), "t", block(0, 6000, 3, retention.MailTracking, retention.PackageTracking)))
	of := func(class string, days int64) (n uint64) {
		require.NoError(t, s.conn.QueryRow(t.Context(), `SELECT sum(events) FROM mailtrail.volumes
			WHERE retention_class = ? AND slot = toDateTime(?, 'UTC') AND hour = slot AND scanLocaleKey = 'V19160' AND scanEventCode = '918' AND object = 'imb'`,
			class, today()-days*86400).Scan(&n))
		return n
	}
	for days := range int64(3) {
		require.EqualValues(t, 1000, of(retention.MailTracking, days))
		require.EqualValues(t, 1000, of(retention.PackageTracking, days))
	}
	require.EqualValues(t, 6, number(t, s, "SELECT count() FROM mailtrail.volumes"), "a row for each hour, facility, event code and kind of object")
	exec(t, owner, "DELETE FROM mailtrail_data.scans WHERE retention_class = 'mail_tracking' AND offset < 600")
	require.EqualValues(t, 900, of(retention.MailTracking, 0))
	require.EqualValues(t, 6000-300, counted(t, s))
}

func TestReaderSeesViewsOnly(t *testing.T) {
	_, s := fresh(t)
	require.NoError(t, s.InsertScans(t.Context(), "t", block(0, 10, 1)))
	ann := open(t, "ann", retention.Builtin())
	for _, view := range []string{"scans", "pieces", "histories", "volumes", "facilities", "rejects_summary", "blocks", "push_groups", "retention_status", "retention_schedule"} {
		number(t, ann, "SELECT count() FROM (SELECT * FROM mailtrail."+view+")")
	}
	require.EqualValues(t, 10, number(t, ann, "SELECT count() FROM mailtrail.scans"))
	for _, table := range []string{"scans", "blocks", "batches", "replays", "epochs", "topics", "facilities"} {
		_, err := ann.Query(t.Context(), "SELECT * FROM mailtrail_data."+table)
		require.ErrorContains(t, err, "Not enough privileges", table)
		require.False(t, Transient(err))
	}
}
