package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/operation"
)

// scanRow is what the reports read of a scan.
type scanRow struct {
	Piece             uint64
	PieceKey          string
	ScanDatetime      time.Time
	ScanOffsetMinutes int
	Topic             string
	Partition, Offset int64
	Index             int64
	Object            string
	ImbMid, ImbStid   string
	ImbRoutingCode    string
	ImbBarcodeID      string
	ScanLocaleKey     string
	MailClassDescription, MailShapeDescription,
	HandlingEventType, ScanEventCode, OperationCode, MachineID, DeviceID string
	RepairedBars                 int
	PredictedDeliveryDate        *string
	StartTheClockDate            *string
	EdocJobID, EdocSubmitterCrid string
	PieceKeyNotUnique            bool
}

func (r *scanRow) code() string { return cmp.Or(r.ScanEventCode, r.OperationCode) }
func (r *scanRow) actual() bool { return r.HandlingEventType == "" || r.HandlingEventType == "A" }
func (r *scanRow) localDay() string {
	return r.ScanDatetime.Add(time.Duration(r.ScanOffsetMinutes) * time.Minute).UTC().Format(time.DateOnly)
}

// scanRows are all scans, in the order of time.
func (s *site) scanRows(t *testing.T) (scans []scanRow) {
	text := s.as(t).do("query", "--format", "json", "SELECT * FROM mailtrail.scans")
	for line := range strings.Lines(text) {
		var row scanRow
		require.NoError(t, json.Unmarshal([]byte(line), &row))
		scans = append(scans, row)
	}
	slices.SortFunc(scans, func(a, b scanRow) int {
		return cmp.Or(a.ScanDatetime.Compare(b.ScanDatetime), cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Index, b.Index))
	})
	return scans
}

// reference works a report out in plain code; keys are the columns by which its rows are told apart.
type reference struct {
	keys  []string
	flags []string
	rows  func([]scanRow) []map[string]any
}

// final reports whether an event ends the piece's way, by the built-in table.
func final(r *scanRow) bool {
	if r.HandlingEventType == "S" {
		return false
	}
	o, _ := operation.Builtin().Lookup(r.code(), r.HandlingEventType, r.ScanDatetime)
	return o.Clock == operation.ClockLast || o.Clock == operation.ClockStop
}

func arrived(r *scanRow) bool {
	o, _ := operation.Builtin().Lookup(r.code(), "", r.ScanDatetime)
	return r.HandlingEventType != "S" && o.Phase >= operation.PhaseDestination && o.Phase <= operation.PhaseDelivered
}

// grouped gathers the scans that are wanted by a key.
func grouped[K comparable](scans []scanRow, wanted func(*scanRow) bool, key func(*scanRow) K) map[K][]scanRow {
	groups := map[K][]scanRow{}
	for i := range scans {
		if wanted(&scans[i]) {
			k := key(&scans[i])
			groups[k] = append(groups[k], scans[i])
		}
	}
	return groups
}

func pieces(scans []scanRow, wanted func(*scanRow) bool) map[uint64][]scanRow {
	return grouped(scans, func(r *scanRow) bool {
		return slices.Contains([]string{"imb", "impb", "s10"}, r.Object) && !r.PieceKeyNotUnique && wanted(r)
	}, func(r *scanRow) uint64 { return r.Piece })
}

func seenAtAPlace(r *scanRow) bool { return r.actual() && r.ScanLocaleKey != "" }

func count(scans []scanRow, wanted func(*scanRow) bool) (n float64) {
	for i := range scans {
		if wanted(&scans[i]) {
			n++
		}
	}
	return n
}

func different[T comparable](scans []scanRow, value func(*scanRow) (T, bool)) float64 {
	values := map[T]bool{}
	for i := range scans {
		if v, ok := value(&scans[i]); ok {
			values[v] = true
		}
	}
	return float64(len(values))
}

// visits are the first scans at each facility in succession.
func visits(scans []scanRow) (first []scanRow) {
	for i := range scans {
		if i == 0 || scans[i].ScanLocaleKey != scans[i-1].ScanLocaleKey {
			first = append(first, scans[i])
		}
	}
	return first
}

func references(now time.Time) map[string]reference {
	return map[string]reference{
		"volumes": {keys: []string{"day", "scanLocaleKey", "mailClassDescription", "mailShapeDescription"}, rows: func(scans []scanRow) (rows []map[string]any) {
			type cell struct{ day, place, class, shape string }
			for k, all := range grouped(scans, func(*scanRow) bool { return true }, func(r *scanRow) cell {
				return cell{r.localDay(), r.ScanLocaleKey, r.MailClassDescription, r.MailShapeDescription}
			}) {
				rows = append(rows, map[string]any{"day": k.day, "scanLocaleKey": k.place, "mailClassDescription": k.class, "mailShapeDescription": k.shape,
					"actual": count(all, (*scanRow).actual), "assumed": count(all, func(r *scanRow) bool { return r.HandlingEventType == "S" }),
					"logical": count(all, func(r *scanRow) bool { return r.HandlingEventType == "L" }), "pieces": different(all, func(r *scanRow) (uint64, bool) { return r.Piece, true })})
			}
			return rows
		}},
		"scan_rates": {keys: []string{"firstLocaleKey", "class", "shape"}, rows: scanRates},
		"machines":   {keys: []string{"scanLocaleKey", "machine"}, flags: []string{"--since", now.Add(-24 * time.Hour).Format(time.RFC3339)}, rows: machineRows(now.Add(-24 * time.Hour).Truncate(time.Second))},
		"late":       {keys: []string{"pieceKey"}, flags: []string{"--day", now.Format(time.DateOnly)}, rows: lateRows(now.Truncate(24 * time.Hour))},
		"legs":       {keys: []string{"origin", "destination"}, flags: []string{"--pieces", "1"}, rows: legRows},
		"unmatched": {keys: []string{"imbMid"}, rows: func(scans []scanRow) (rows []map[string]any) {
			for mid, all := range grouped(scans, func(r *scanRow) bool { return r.Object == "imb" && r.ImbMid != "" }, func(r *scanRow) string { return r.ImbMid }) {
				n := count(all, func(r *scanRow) bool { return r.EdocJobID == "" })
				if n > 0 {
					rows = append(rows, map[string]any{"imbMid": mid, "unmatched": n, "percent": 100 * n / float64(len(all)),
						"pieces": different(all, func(r *scanRow) (uint64, bool) { return r.Piece, r.EdocJobID == "" })})
				}
			}
			return rows
		}},
		"repeats": {keys: []string{"scanLocaleKey", "code"}, rows: repeatRows},
		"loops": {keys: []string{"pieceKey"}, rows: func(scans []scanRow) (rows []map[string]any) {
			for _, all := range pieces(scans, seenAtAPlace) {
				path, places := visits(all), map[string]bool{}
				for i := range path {
					places[path[i].ScanLocaleKey] = true
				}
				if loops := len(path) - len(places); loops > 0 {
					rows = append(rows, map[string]any{"pieceKey": all[0].PieceKey, "loops": float64(loops)})
				}
			}
			return rows
		}},
		"uniqueness": {keys: []string{"pieceKey"}, rows: func(scans []scanRow) (rows []map[string]any) {
			for _, all := range pieces(scans, func(r *scanRow) bool { return r.Object == "imb" }) {
				routing := different(all, func(r *scanRow) (string, bool) {
					return r.ImbRoutingCode, r.ImbRoutingCode != "" && r.ImbBarcodeID != "93"
				})
				types := different(all, func(r *scanRow) (string, bool) { return r.ImbStid, true })
				jobs := different(all, func(r *scanRow) (string, bool) { return r.EdocSubmitterCrid + " " + r.EdocJobID, r.EdocJobID != "" })
				if routing > 1 || types > 1 || jobs > 1 {
					rows = append(rows, map[string]any{"pieceKey": all[0].PieceKey, "routingCodes": routing, "serviceTypes": types, "jobs": jobs, "scans": float64(len(all))})
				}
			}
			return rows
		}},
		"delivery_curve": {keys: []string{"edocSubmitterCrid", "edocJobId", "day"}, rows: curveRows},
	}
}

func scanRates(scans []scanRow) (rows []map[string]any) {
	type cell struct{ place, class, shape string }
	all, finals := map[cell]float64{}, map[cell]float64{}
	for _, piece := range pieces(scans, func(r *scanRow) bool { return r.actual() || r.HandlingEventType == "L" }) {
		first := piece[0]
		k := cell{first.ScanLocaleKey, first.MailClassDescription, first.MailShapeDescription}
		all[k]++
		finals[k] += min(1, count(piece, final))
	}
	for k, n := range all {
		rows = append(rows, map[string]any{"firstLocaleKey": k.place, "class": k.class, "shape": k.shape, "pieces": n, "finals": finals[k], "missing": n - finals[k], "percent": 100 * finals[k] / n})
	}
	return rows
}

func machineRows(since time.Time) func([]scanRow) []map[string]any {
	return func(scans []scanRow) (rows []map[string]any) {
		for k, all := range grouped(scans, func(r *scanRow) bool { return r.actual() && cmp.Or(r.MachineID, r.DeviceID) != "" }, func(r *scanRow) [2]string {
			return [2]string{r.ScanLocaleKey, cmp.Or(r.MachineID, r.DeviceID)}
		}) {
			imb, bad := func(r *scanRow) bool { return r.Object == "imb" }, func(r *scanRow) bool { return r.RepairedBars > 0 }
			early := slices.DeleteFunc(slices.Clone(all), func(r scanRow) bool { return !r.ScanDatetime.Before(since) })
			n0, k0, n, k1 := count(early, imb), count(early, bad), count(all, imb), count(all, bad)
			before, recent, share := k0/max(n0, 1), (k1-k0)/max(n-n0, 1), k1/max(n, 1)
			z := 0.0
			if n0 > 0 && n > n0 && k1 > 0 && k1 < n {
				z = (recent - before) / math.Sqrt(share*(1-share)*(1/n0+1/(n-n0)))
			}
			rows = append(rows, map[string]any{"scanLocaleKey": k[0], "machine": k[1], "scans": float64(len(all)), "reads": n, "repaired": k1, "readsBefore": n0, "repairedBefore": k0,
				"hours":   different(all, func(r *scanRow) (time.Time, bool) { return r.ScanDatetime.Truncate(time.Hour), true }),
				"damaged": 100 * share, "before": 100 * before, "recent": 100 * recent, "change": 100 * (recent - before), "z": z, "degrading": recent > before && z >= 4})
		}
		return rows
	}
}

func lateRows(day time.Time) func([]scanRow) []map[string]any {
	return func(scans []scanRow) (rows []map[string]any) {
		for _, all := range pieces(scans, func(*scanRow) bool { return true }) {
			predicted := ""
			var last scanRow
			for _, r := range all {
				if r.PredictedDeliveryDate != nil {
					predicted = *r.PredictedDeliveryDate
				}
				if r.actual() {
					last = r
				}
			}
			today, tomorrow := day.Format(time.DateOnly), day.AddDate(0, 0, 1).Format(time.DateOnly)
			if predicted == "" || count(all, final) > 0 || predicted >= today && (predicted > tomorrow || count(all, arrived) > 0) {
				continue
			}
			row := map[string]any{"pieceKey": all[0].PieceKey, "state": "at risk", "predictedDeliveryDate": predicted, "daysLate": 0.0, "lastLocaleKey": last.ScanLocaleKey, "lastCode": last.code()}
			if predicted < today {
				due, _ := time.Parse(time.DateOnly, predicted)
				row["state"], row["daysLate"] = "late", day.Sub(due).Hours()/24
			}
			rows = append(rows, row)
		}
		return rows
	}
}

func legRows(scans []scanRow) (rows []map[string]any) {
	took := map[[2]string][]float64{}
	for _, all := range pieces(scans, seenAtAPlace) {
		path := visits(all)
		for i := 1; i < len(path); i++ {
			k := [2]string{path[i-1].ScanLocaleKey, path[i].ScanLocaleKey}
			// Seconds as the server counts them: those of the clock that were passed.
			seconds := float64(path[i].ScanDatetime.Unix() - path[i-1].ScanDatetime.Unix())
			if seconds <= 864000 {
				took[k] = append(took[k], seconds)
			}
		}
	}
	for k, seconds := range took {
		slices.Sort(seconds)
		median, lost, delayed := seconds[len(seconds)/2], 0.0, 0.0
		for _, s := range seconds {
			lost += max(0, s-median)
			if s >= median+86400 {
				delayed++
			}
		}
		rows = append(rows, map[string]any{"origin": k[0], "destination": k[1], "pieces": float64(len(seconds)), "medianHours": median / 3600,
			"p90Hours": seconds[9*len(seconds)/10] / 3600, "lostDays": lost / 86400, "delayed": delayed})
	}
	return rows
}

func repeatRows(scans []scanRow) (rows []map[string]any) {
	all, repeats := map[[2]string]float64{}, map[[2]string]float64{}
	for _, piece := range pieces(scans, func(r *scanRow) bool { return seenAtAPlace(r) && r.code() != "" }) {
		for i, r := range piece {
			k := [2]string{r.ScanLocaleKey, r.code()}
			all[k]++
			if i > 0 && piece[i-1].ScanLocaleKey == k[0] && piece[i-1].code() == k[1] {
				repeats[k]++
			}
		}
	}
	for k, n := range repeats {
		rows = append(rows, map[string]any{"scanLocaleKey": k[0], "code": k[1], "scans": all[k], "repeats": n, "percent": 100 * n / all[k]})
	}
	return rows
}

func curveRows(scans []scanRow) (rows []map[string]any) {
	type job struct{ crid, id string }
	days, seen, started := map[job]map[string]float64{}, map[job]float64{}, map[job]string{}
	for j, all := range grouped(scans, func(r *scanRow) bool { return r.EdocJobID != "" }, func(r *scanRow) job { return job{r.EdocSubmitterCrid, r.EdocJobID} }) {
		days[j] = map[string]float64{}
		for _, piece := range pieces(all, func(r *scanRow) bool { return r.actual() || r.HandlingEventType == "L" }) {
			seen[j]++
			for _, r := range piece {
				if r.StartTheClockDate != nil && (started[j] == "" || *r.StartTheClockDate < started[j]) {
					started[j] = *r.StartTheClockDate
				}
			}
			if i := slices.IndexFunc(piece, func(r scanRow) bool { return final(&r) }); i >= 0 {
				days[j][piece[i].localDay()]++
			}
		}
	}
	for j, delivered := range days {
		soFar := 0.0
		for _, day := range slices.Sorted(maps.Keys(delivered)) {
			soFar += delivered[day]
			row := map[string]any{"edocSubmitterCrid": j.crid, "edocJobId": j.id, "day": day, "sinceStart": nil, "delivered": delivered[day], "soFar": soFar, "pieces": seen[j], "percent": 100 * soFar / seen[j]}
			if started[j] != "" {
				from, _ := time.Parse(time.DateOnly, started[j])
				to, _ := time.Parse(time.DateOnly, day)
				row["sinceStart"] = to.Sub(from).Hours() / 24
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// rounded are the columns that a report rounds, and by how much at most.
var rounded = map[string]float64{"percent": 0.05, "medianHours": 0.05, "p90Hours": 0.05, "lostDays": 0.005, "damaged": 0.005, "before": 0.005, "recent": 0.005, "change": 0.005, "z": 0.05}

// sameRows compares the columns that the reference has.
func sameRows(t *testing.T, keys []string, want, got []map[string]any) {
	t.Helper()
	key := func(row map[string]any) (text string) {
		for _, k := range keys {
			text += fmt.Sprint(row[k], "|")
		}
		return text
	}
	byKey := map[string]map[string]any{}
	for _, row := range got {
		require.NotContains(t, byKey, key(row), "a row comes twice")
		byKey[key(row)] = row
	}
	for _, row := range want {
		other := byKey[key(row)]
		require.NotNil(t, other, "lacking: %v", row)
		for column, value := range row {
			if most, ok := rounded[column]; ok {
				require.InDelta(t, value, other[column], most+1e-9, "%s of %v", column, row)
			} else {
				require.Equal(t, value, other[column], "%s of %v", column, row)
			}
		}
	}
	require.Len(t, got, len(want), "rows that should not be there")
}
