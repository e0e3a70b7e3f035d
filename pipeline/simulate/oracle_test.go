package simulate

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/event"
	"mailtrail/schemas/facility"
	"mailtrail/schemas/retention"
)

// testNow is the wall clock of the tests.
var testNow = time.Date(2026, 11, 20, 15, 4, 5, 0, time.UTC)

// testTable is read once for all tests.
var testTable = sync.OnceValue(func() *facility.Table {
	table, err := facility.Builtin()
	if err != nil {
		panic(err)
	}
	return table
})

// testOptions are of mail in which all disturbances are frequent.
func testOptions(count uint64) Options {
	o := Defaults(testNow)
	o.Count, o.Facilities = count, testTable()
	o.Shares = Shares{
		Repeated: 0.1, OutOfOrder: 0.1, Late: 0.1, Stale: 0.02, Expired: 0.02, Malformed: 0.06, Contradictory: 0.02,
		Unreadable: 0.02, UnknownFacility: 0.02, Future: 0.02, UnknownSTID: 0.05, Bars: 0.1, LocalTime: 0.2,
		OneWrong: 0.02, TwoWrong: 0.02, ThreeWrong: 0.02, Erased: 0.02,
	}
	return o
}

// oracle tells what becomes of an event from its bytes alone, slowly and in
// one place, as the design says it.
type oracle struct {
	t          *testing.T
	schedule   *retention.Schedule
	facilities *facility.Table
	options    Options
	seen       map[string]bool
	rows       map[Row]uint64
	repairer   *barcode.Repairer
	replayed   bool // the event that was judged last is stored by a replay
}

func newOracle(t *testing.T, o Options) *oracle {
	return &oracle{t, retention.Builtin(), testTable(), o, map[string]bool{}, map[Row]uint64{}, barcode.NewRepairer(o.Known), false}
}

func (o *oracle) take(r *Request) {
	isCopy := o.seen[r.Key]
	o.seen[r.Key] = true
	require.Equal(o.t, r.Copy, isCopy)
	for i := range r.Len() {
		s := &event.Scan{}
		decodeErr := o.decode(s, r.Event(i))
		for _, door := range []Door{HTTP, Kafka} {
			if o.options.Door != File && o.options.Door != door {
				continue
			}
			early := o.options.Now.Add(-border)
			if fresh := o.options.Now.Sub(time.UnixMilli(s.Time.UnixMilli())); fresh >= 0 && fresh < day {
				early = o.options.Now // its limit lies ahead of Now as far as clocks may differ
			}
			row := o.judge(s, decodeErr, door, early)
			late := o.judge(s, decodeErr, door, o.options.Now.Add(longestRun+border))
			require.Equal(o.t, row, late, "the outcome of event %d of request %s depends on when it comes", i, r.Key)
			if isCopy && row.Outcome != refused {
				row = Row{Door: row.Door, Class: row.Class, Outcome: "duplicate"}
				if o.replayed {
					row.Class = ""
				}
			}
			o.rows[row]++
		}
	}
}

func (o *oracle) decode(s *event.Scan, raw []byte) *event.Error {
	if o.options.Wire == JSON {
		if err := s.DecodeJSON(raw); err != nil {
			return err
		}
		return s.Check()
	}
	batch := event.NewBatch(raw)
	one, ok, err := batch.Next()
	require.True(o.t, ok)
	require.Nil(o.t, err)
	if err := s.DecodeProto(one); err != nil {
		return err
	}
	return s.Check()
}

// judge says what becomes of the event when it comes at a moment.
func (o *oracle) judge(s *event.Scan, decodeErr *event.Error, door Door, at time.Time) Row {
	if decodeErr != nil {
		if door == HTTP {
			return Row{Door: door, Outcome: refused, Reason: string(decodeErr.Code)}
		}
		return Row{Door: door, Outcome: "rejected", Reason: string(decodeErr.Code)}
	}
	o.replayed = false
	class, became, barcodeErr := o.classify(s)
	row := Row{Door: door, Class: class, Outcome: "rejected"}
	if became != nil {
		row.Bars, row.IMb, row.Replayed = string(s.Values[event.Bars]), string(became.Digits()), o.replayed
	}
	scanned, known := s.Time.UnixMilli(), true
	if !s.Time.HasOffset {
		zone, _ := o.facilities.ZoneOf(s.Values[event.ScanLocaleKey], s.Values[event.ScanFacilityZip])
		var doubt facility.Ambiguity
		scanned, _, doubt = o.facilities.LocalToUTC(zone, facility.LocalTime(s.Time.WallMilli))
		known = doubt != facility.Unresolved
	}
	age := at.Sub(time.UnixMilli(scanned))
	switch {
	case door == HTTP && known && age > o.schedule.Behind(event.ScansTopic):
		row.Outcome, row.Reason = refused, "too_old"
	case door == HTTP && known && age < -o.options.Ahead:
		row.Outcome, row.Reason = refused, "too_far_ahead"
	case barcodeErr != "":
		row.Class, row.Reason = "", string(barcodeErr)
	case !known:
		row.Class, row.Reason = "", "unknown_zone"
	case age < -o.options.Ahead:
		row.Reason = "future_time"
	default:
		retained := o.schedule.Row(class)
		row.Outcome = "stored"
		if retained.DestroyAt(retained.SlotOf(min(scanned, at.UnixMilli()))) <= at.Unix() {
			row.Outcome = "expired"
		}
	}
	return row
}

// classify returns the class, and of damaged bars what they become: the zero
// barcode where they stay a reject.
func (o *oracle) classify(s *event.Scan) (class string, became *barcode.IMb, reason event.Code) {
	object, _ := s.Object()
	kind, text := barcode.KindUnknown, s.Values[object]
	var err error
	switch object {
	case event.IMb, event.Bars:
		var m barcode.IMb
		if object == event.IMb {
			m, err = barcode.ParseIMb(text)
		} else if m, _, err = barcode.DecodeBars(text); err != nil {
			if bytes.Count(text, []byte("?")) == lostBars {
				return "", nil, event.UnreadableBars
			}
			if m, reason = o.repair(text); reason != "" {
				return "", &m, reason
			}
			became, err = &m, nil
		}
		require.NoError(o.t, err)
		kind = m.Kind(barcode.BuiltinServiceTypes())
		if mid := s.Values[event.IMbMid]; mid != nil && !bytes.Equal(mid, m.MID()) {
			return "", nil, event.Contradiction
		}
	case event.IMpb:
		var p barcode.IMpb
		p, err = barcode.ParseIMpb(text)
		require.False(o.t, p.Ambiguous())
		kind = p.Kind(barcode.BuiltinSpecialServices())
	case event.S10:
		var item barcode.S10
		item, err = barcode.ParseS10(text)
		kind = item.Kind()
	case event.IMtb:
		var tray barcode.IMtb
		tray, err = barcode.ParseIMtb(text)
		kind = tray.Kind()
	case event.IMcb:
		var container barcode.IMcb
		container, err = barcode.ParseIMcb(text)
		kind = container.Kind()
	}
	require.NoError(o.t, err, "a barcode of the model is not valid")
	return o.class(kind, s), became, ""
}

// repair tries what the stream does, and then what the repair of rejects does.
func (o *oracle) repair(bars []byte) (barcode.IMb, event.Code) {
	reason := event.UnreadableBars
	for _, limit := range []int{2, 4} {
		found, err := o.repairer.Repair(bars, limit)
		switch {
		case err == nil && !found.IMb.IsZero() && found.Confidence > 0.909 && found.Wrong <= 3:
			o.replayed = limit > 2
			return found.IMb, ""
		case err == nil && limit == 2:
			reason = event.AmbiguousBars
		}
	}
	return barcode.IMb{}, reason
}

func (o *oracle) class(kind barcode.Kind, s *event.Scan) string {
	kinds := map[barcode.Kind]retention.Kind{
		barcode.KindMail: retention.Mail, barcode.KindPackage: retention.Package, barcode.KindSpecialService: retention.SpecialService,
	}
	class, _ := retention.Classify(kinds[kind], s.Has(event.SpecialService))
	return class
}

func (o *oracle) truth() Truth {
	var rows Truth
	for row, n := range o.rows {
		row.Events = n
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Door, b.Door), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Bars, b.Bars), cmp.Compare(a.IMb, b.IMb))
	})
	return rows
}

// told is what a truth says of what events become, without what the model alone knows of damaged bars.
func told(truth Truth) Truth {
	for i := range truth {
		row := &truth[i]
		row.Damage = ""
		switch {
		case row.Outcome == "rejected":
			row.IMb = ""
		case row.StoredAs != "":
			row.IMb, row.StoredAs = row.StoredAs, ""
		}
	}
	return truth
}

func TestTruthIsWhatTheEventsSay(t *testing.T) {
	summer := time.Date(2026, 7, 4, 23, 59, 59, 999e6, time.UTC)
	autumnHour := time.Date(2026, 11, 2, 2, 0, 0, 0, time.UTC)
	springHour := time.Date(2027, 3, 15, 2, 0, 0, 0, time.UTC)
	cases := map[string]func(*Options){
		"http json":      func(o *Options) {},
		"http protobuf":  func(o *Options) { o.Wire = Protobuf },
		"kafka json":     func(o *Options) { o.Door = Kafka },
		"kafka protobuf": func(o *Options) { o.Door, o.Wire, o.Seed = Kafka, Protobuf, 7 },
		"file":           func(o *Options) { o.Door = File },
		"defaults":       func(o *Options) { *o = Defaults(testNow); o.Count = 12_000 },
		"nothing wrong":  func(o *Options) { o.Shares = Shares{} },
		"summer":         func(o *Options) { o.Now = summer },
		"autumn hour":    func(o *Options) { o.Now, o.Shares.LocalTime = autumnHour, 1 },
		"spring hour":    func(o *Options) { o.Now, o.Shares.LocalTime = springHour, 1 },
		"earliest start": func(o *Options) { o.Start = testNow.Add(-20*day + history + longestRun + border) },
		"single events":  func(o *Options) { o.BatchSize, o.Count = 1, 5000 },
		"one mailer":     func(o *Options) { o.Mailers = 1 },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := testOptions(12_000)
			change(&o)
			oracle := newOracle(t, o)
			truth, err := Generate(context.Background(), o, func(r *Request) error {
				oracle.take(r)
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, oracle.truth(), told(truth))
		})
	}
}
