package main

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/service"
	"mailtrail/sinks/clickhouse"
)

// pieceScan is what the history of a piece tells of one scan.
type pieceScan struct {
	at                                    time.Time // on the clock of the facility
	object, class                         string
	localeKey, facility, city, state, zip string
	machine, code, eventType, mailClass   string
	operation                             string // what the code stands for, in words; empty where no source says so
	predicted                             string // date, empty where the feed gives none
	stid                                  string // of an Intelligent Mail barcode
	service                               service.Scan
	shared                                bool  // other pieces may bear the same barcode
	repaired                              uint8 // bars of it that were damaged
	confidence                            float32
}

// newPieceScan takes from a row of the view scans what is shown. A facility that the scan names by its key alone gets its
// name from the table, and a code its meaning.
func newPieceScan(columns []clickhouse.Column, values []any, rules *ruleBook) pieceScan {
	value := func(name string) any {
		i := slices.IndexFunc(columns, func(c clickhouse.Column) bool { return c.Name == name })
		if i < 0 {
			return nil
		}
		return values[i]
	}
	text := func(name string) string {
		plain, _ := plainValue("Date", reflect.ValueOf(value(name))).(string)
		return plain
	}
	at, _ := value("scanDatetime").(time.Time)
	shift, _ := value("scanOffsetMinutes").(int16)
	shared, _ := value("pieceKeyNotUnique").(bool)
	repaired, _ := value("repairedBars").(uint8)
	confidence, _ := value("repairConfidence").(float32)
	s := pieceScan{
		at: at.In(time.FixedZone("", int(shift)*60)), object: text("object"), class: text("retention_class"),
		localeKey: text("scanLocaleKey"), facility: text("scanFacilityName"), city: text("scanFacilityCity"),
		state: text("scanFacilityState"), zip: text("scanFacilityZip"),
		machine: cmp.Or(text("machineId"), text("machineName"), text("deviceId")),
		code:    cmp.Or(text("scanEventCode"), text("operationCode")), eventType: text("handlingEventType"),
		mailClass: text("mailClassDescription"), predicted: text("predictedDeliveryDate"), shared: shared,
		repaired: repaired, confidence: confidence,
	}
	if known, ok := rules.tables.Facilities.ByLocale([]byte(s.localeKey)); ok && s.facility == "" {
		s.facility, s.city, s.state = known.Name, cmp.Or(s.city, known.City), cmp.Or(s.state, known.State)
	}
	if imb := text("imb"); len(imb) >= barcode.TrackingLength {
		s.stid = imb[stidAt:midAt]
	}
	s.service = newServiceScan(&s, text("imb"), text("startTheClockDate"), rules)
	s.operation = operationName(rules.service.Operations, s.code, s.eventType, s.at)
	return s
}

// timeText is RFC 3339 with the facility's distance from UTC.
func (s *pieceScan) timeText() string { return s.at.Format("2006-01-02T15:04:05.000Z07:00") }

// place is the facility as a person would call it.
func (s *pieceScan) place() string {
	name := strings.TrimSpace(s.city + " " + s.state)
	if s.facility != "" && s.facility != s.city {
		name = strings.TrimSuffix(s.facility+", "+name, ", ")
	}
	if key := cmp.Or(s.localeKey, s.zip); key != "" && name != "" {
		return name + " (" + key + ")"
	}
	return cmp.Or(name, s.localeKey, s.zip, "an unnamed place")
}

// what is what happened, in words; a code without words stands for itself.
func (s *pieceScan) what() string { return cmp.Or(s.operation, "scanned") }

// happened is what happened and where, for a sentence.
func (s *pieceScan) happened(now time.Time) string {
	what := s.what()
	if s.code != "" {
		what += " (" + s.code + ")"
	}
	return fmt.Sprintf("%s, %s, %s ago: %s", s.place(), s.at.Format("2006-01-02 15:04:05 -07:00"), roughly(now.Sub(s.at)), what)
}

// headline says where the piece is. What somebody saw comes first, and what was only assumed is said to be so. The scans
// are the newest first, and there is at least one.
func headline(scans []pieceScan, now time.Time) string {
	actual := func(s pieceScan) bool { return s.eventType == "" || s.eventType == "A" }
	var b strings.Builder
	seen := slices.IndexFunc(scans, actual)
	if seen < 0 {
		fmt.Fprintf(&b, "Never seen. The newest event is %s: %s.\n", eventTypeName(scans[0].eventType), scans[0].happened(now))
	} else {
		fmt.Fprintf(&b, "Last seen at %s.\n", scans[seen].happened(now))
	}
	if seen > 0 {
		fmt.Fprintf(&b, "Since then %s at %s.\n", eventTypeName(scans[0].eventType), scans[0].happened(now))
	}
	if len(scans) == 1 {
		b.WriteString("1 scan.")
	} else {
		fmt.Fprintf(&b, "%d scans, the first on %s.", len(scans), scans[len(scans)-1].at.Format("2006-01-02 15:04:05 -07:00"))
	}
	if i := slices.IndexFunc(scans, func(s pieceScan) bool { return s.predicted != "" }); i >= 0 {
		fmt.Fprintf(&b, " Predicted delivery, as the feed says: %s.", scans[i].predicted)
	}
	if slices.ContainsFunc(scans, func(s pieceScan) bool { return s.shared }) {
		b.WriteString(" Other pieces may rightly bear this barcode.")
	}
	if n := scans[max(seen, 0)]; n.repaired > 0 {
		fmt.Fprintf(&b, " There its barcode was read from %s; it is right with a probability of %.2f %%.", bars(n.repaired), 100*n.confidence)
	}
	if slices.ContainsFunc(scans, func(s pieceScan) bool { return s.object != scans[0].object }) {
		b.WriteString(" The number has two readings, and there are scans of both: --format json tells them apart.")
	}
	return b.String()
}

// bars names how many bars were damaged.
func bars(n uint8) string {
	if n == 1 {
		return "bars of which 1 was damaged"
	}
	return fmt.Sprintf("bars of which %d were damaged", n)
}

// roughly is a span of time in its two largest units.
func roughly(d time.Duration) string {
	d = max(d, 0)
	days, hours, minutes, seconds := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case days > 0:
		return fmt.Sprintf("%dd %dh", days, hours)
	case hours > 0:
		return fmt.Sprintf("%dh %dm", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%dm %ds", minutes, seconds)
	}
	return fmt.Sprintf("%ds", seconds)
}
