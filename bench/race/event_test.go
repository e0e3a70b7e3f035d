package race

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// fields are the fields of every event, in this order. All values are text.
var fields = [...]string{
	"imb", "imbMid", "imbRoutingCode", "scanDatetime", "scanEventCode", "handlingEventType", "handlingEventTypeDescription", "mailPhase",
	"scanLocaleKey", "scanFacilityName", "scanFacilityCity", "scanFacilityState", "scanFacilityZip", "machineId", "machineName", "scannerType",
	"mailClassDescription", "mailShapeDescription", "idTag", "startTheClockDate", "predictedDeliveryDate",
	"edocJobId", "edocMailingGroupId", "edocSubmitterCrid",
}

// messageSQL is the expression that makes the message anew from the columns of a table: columns says how a field is told
// where it does not stand there as text under its own name.
func messageSQL(columns map[string]string) string {
	var sql strings.Builder
	sql.WriteString("concat('{")
	for i, field := range fields {
		column, set := columns[field]
		if !set {
			column = field
		}
		comma := ","
		if i == 0 {
			comma = ""
		}
		fmt.Fprintf(&sql, `%s"%s":"', %s, '"`, comma, field, column)
	}
	sql.WriteString("}')")
	return sql.String()
}

// writer writes the messages of a mail. What all scans of a machine or job say is written once.
type writer struct {
	mail *mail
	// places and jobs are parts of a message between the fields that differ from event to event.
	machines, jobs []string
}

func newWriter(m *mail) *writer {
	w := &writer{mail: m}
	for i := range machines {
		p := m.places[i%facilities]
		w.machines = append(w.machines, fmt.Sprintf(
			`","scanLocaleKey":"%s","scanFacilityName":"%s","scanFacilityCity":"%s","scanFacilityState":"%s","scanFacilityZip":"%s","machineId":"MPE-%04d","machineName":"%s %02d","scannerType":"`,
			p.LocaleKey, p.Name, p.City, p.State, p.ZIP5, i, p.LocaleKey, i/facilities+1))
	}
	for _, j := range m.jobs {
		w.jobs = append(w.jobs, fmt.Sprintf(
			`","startTheClockDate":"%s","predictedDeliveryDate":"%s","edocJobId":"%s","edocMailingGroupId":"%s","edocSubmitterCrid":"%s"}`,
			j.started, j.predicted, j.id, j.group, j.crid))
	}
	return w
}

// pass appends the messages of a pass to out, and where each ends to ends.
func (w *writer) pass(out []byte, ends []int, p *pass) ([]byte, []int) {
	at := p.at
	for i, piece := range p.pieces {
		at += 60 + int64(random(w.mail.seed, uint64(p.at), uint64(i))%90)
		out = w.event(out, p, piece, at)
		ends = append(ends, len(out))
	}
	return out, ends
}

func (w *writer) event(out []byte, p *pass, piece uint32, at int64) []byte {
	m := w.mail
	number := piece / piecesOfAJob
	j := &m.jobs[number]
	to := &m.places[m.destination(piece)]
	r := random(m.seed, 4, uint64(piece))
	var routing [11]byte // ZIP Code, add-on and delivery point
	copy(routing[:3], to.ZIP5)
	digits(routing[3:], r)

	out = append(out, `{"imb":"00`...)
	out = append(append(out, j.stid...), j.mid...)
	var serial [6]byte
	digits(serial[:], uint64(j.serial)+uint64(piece%piecesOfAJob))
	out = append(append(out, serial[:]...), routing[:]...)
	out = append(append(out, `","imbMid":"`...), j.mid...)
	out = append(append(out, `","imbRoutingCode":"`...), routing[:]...)
	out = append(out, `","scanDatetime":"`...)
	out = appendTime(out, at, m.places[p.machine%facilities].offset)
	out = append(append(out, `","scanEventCode":"`...), phases[p.phase].code...)
	out = append(out, `","handlingEventType":"A","handlingEventTypeDescription":"Actual","mailPhase":"`...)
	out = append(out, phases[p.phase].name...)
	out = append(out, w.machines[p.machine]...)
	out = append(out, scanners[j.shape]...)
	out = append(append(out, `","mailClassDescription":"`...), j.class...)
	out = append(append(out, `","mailShapeDescription":"`...), j.shape...)
	var tag [20]byte
	digits(tag[:10], random(m.seed, 5, uint64(piece)))
	digits(tag[10:], random(m.seed, 6, uint64(piece)))
	out = append(append(out, `","idTag":"`...), tag[:]...)
	return append(out, w.jobs[number]...)
}

// digits fills text with the last digits of n.
func digits(text []byte, n uint64) {
	for i := len(text) - 1; i >= 0; i-- {
		text[i] = '0' + byte(n%10)
		n /= 10
	}
}

// appendTime appends RFC 3339 with milliseconds on a clock that is so many minutes east of UTC.
func appendTime(out []byte, unixMilli, offset int64) []byte {
	out = time.UnixMilli(unixMilli+offset*minute).UTC().AppendFormat(out, "2006-01-02T15:04:05.000")
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	var clock [4]byte
	digits(clock[:], uint64(offset/60*100+offset%60))
	return append(out, sign, clock[0], clock[1], ':', clock[2], clock[3])
}

func dateOf(unixMilli int64) string { return time.UnixMilli(unixMilli).UTC().Format(time.DateOnly) }

// offsetSQL writes minutes east of UTC, a column, as the end of RFC 3339.
func offsetSQL(minutes string) string {
	return strings.ReplaceAll(`if(M < 0, '-', '+'), leftPad(toString(intDiv(abs(M), 60)), 2, '0'), ':', leftPad(toString(abs(M) % 60), 2, '0')`, "M", minutes)
}

// grouped writes a number with commas.
func grouped[N int | int64 | uint64](n N) string {
	text := strconv.FormatUint(uint64(n), 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
