package simulate

import (
	"mailtrail/schemas/event"
)

// A piece is missed by a machine once in so many runs.
const (
	missed   = 1
	missedOf = 64
)

// nestPace is the time between the scans of a tray and its container, milliseconds.
const nestPace = 4000

// run is what all scans of a tray in one machine share.
type run struct {
	offset int16 // of the clocks there, minutes east of UTC
	local  bool  // times have no offset
	mids   bool  // the MID is sent beside the barcode
	zip    string
	// Fields that are written already: the facility but for its ZIP Code, that,
	// the machine, and all the others.
	where, zipField, machine, rest []byte
	camera                         []byte // the id of the machine, where it has a camera
}

// open prepares the tray's next run.
func (m *model) open(t *tray, s *stage) {
	p := m.placeOf(t, s.site)
	r, w := &m.run, m.writer
	r.offset = m.network.offset(p.Zone, t.due()-t.lag)
	r.local = m.chaos.chance(m.options.Shares.LocalTime)
	r.mids = t.seed>>16%4 == 0
	r.zip = p.ZIP5

	r.where = appendText(w, r.where[:0], event.ScanLocaleKey, p.LocaleKey)
	r.where = w.name(r.where, event.ScanFacilityName, p.Name)
	r.where = w.name(r.where, event.ScanFacilityCity, p.City)
	r.where = appendText(w, r.where, event.ScanFacilityState, p.State)
	r.zipField = appendText(w, r.zipField[:0], event.ScanFacilityZip, p.ZIP5)
	r.machine = m.appendMachine(r.machine[:0], p, s.machine)

	r.rest = appendText(w, r.rest[:0], event.ScanEventCode, s.code)
	handling := "A"
	if s.assumed {
		handling = "S"
	}
	r.rest = appendText(w, r.rest, event.HandlingEventType, handling)
	r.rest = m.appendMailing(r.rest, t)
}

func (m *model) placeOf(t *tray, at site) *place {
	switch at {
	case originUnit:
		return &m.network.plants[t.origin].units[t.originUnit]
	case originPlant:
		return &m.network.plants[t.origin].place
	case destinationPlant:
		return &m.network.plants[t.destination].place
	}
	return &m.network.plants[t.destination].units[t.unit]
}

// appendMachine appends a machine's id, as DBCS-001721, and its name, as DBCS 21.
func (m *model) appendMachine(dst []byte, p *place, kind machine) []byte {
	model := machineModels[kind]
	number := uint64(1 + m.chaos.below(model.count))
	var text [25]byte
	id := append(append(text[:0], model.name...), '-')
	id = appendDigits(appendDigits(id, uint64(p.number), 4), number, 2)
	m.run.camera = m.run.camera[:0]
	if kind.handheld() {
		dst = appendText(m.writer, dst, event.DeviceID, id)
		return appendText(m.writer, dst, event.ScannerType, model.name)
	}
	m.run.camera = append(m.run.camera, id...)
	dst = appendText(m.writer, dst, event.MachineID, id)
	name := append(append(text[:0], model.name...), ' ')
	return appendText(m.writer, dst, event.MachineName, appendDigits(name, number, 2))
}

// appendMailing appends what is known of a tray from its mailing: class, shape,
// dates and electronic documentation.
func (m *model) appendMailing(dst []byte, t *tray) []byte {
	w, way := m.writer, t.way()
	sender := &m.mailers.all[t.mailer]
	words, shape := "First-Class", "Letter"
	switch {
	case way.product == parcel:
		words, shape = "Package Services", "Package"
	case way.product == international:
		words, shape = "International", "Package"
	case way.presort:
		words = classWords(sender.class)
	}
	if way.product == flat {
		shape = "Flat"
	}
	dst = appendText(w, dst, event.MailClassDescription, words)
	dst = appendText(w, dst, event.MailShapeDescription, shape)

	var date [len("2026-11-18")]byte
	begin := t.starts[0] - t.lag
	begin += int64(m.network.offset(m.network.plants[t.origin].Zone, begin)) * minuteMilli
	end := t.starts[len(way.stages)-1] - t.lag + int64(t.seed>>24%3)*dayMilli - dayMilli/2
	dst = appendText(w, dst, event.StartTheClockDate, appendDate(date[:0], begin))
	dst = appendText(w, dst, event.PredictedDeliveryDate, appendDate(date[:0], max(begin, end)))
	if !way.presort || way.product == parcel {
		return dst
	}
	var id [8]byte
	dst = appendText(w, dst, event.EdocJobID, appendDigits(append(id[:0], "JOB"...), t.seed>>32, 5))
	dst = appendText(w, dst, event.EdocMailingGroupID, appendDigits(id[:0], t.seed>>40, 6))
	return appendText(w, dst, event.EdocSubmitterCrid, sender.crid)
}

// work calls scan for everything that the tray's next run scans, in the order
// and at the time of the scan, until it returns an error.
func (m *model) work(t *tray, scan func(o *object, at int64) error) error {
	s := &t.way().stages[t.stage]
	m.open(t, s)
	at := t.due() - t.lag
	if s.tray {
		if err := scan(m.handlingUnit(t), at+m.chaos.below(nestPace)); err != nil || t.seed%4 != 0 {
			return err
		}
		return scan(m.container(t), at+nestPace+m.chaos.below(nestPace))
	}
	n, pace := int(t.pieces), s.pace.Milliseconds()
	stride, shift := passOrder(t, n)
	for i := range n {
		piece := (i*stride + shift) % n
		if mix(t.seed^uint64(piece)<<8^uint64(t.stage))%missedOf < missed {
			continue
		}
		if err := scan(m.piece(t, piece), at+int64(i)*pace+m.chaos.below(pace)); err != nil {
			return err
		}
	}
	return nil
}

// passOrder says in which order a run takes the n pieces: each run another one.
// A stride that is prime and does not divide n reaches every piece once.
func passOrder(t *tray, n int) (stride, shift int) {
	at := mix(t.seed + uint64(t.stage))
	stride = [...]int{1, 7, 11, 13, 17, 19, 23, 29}[at%8]
	if n%stride == 0 {
		stride = 1
	}
	return stride, int(at >> 8 % uint64(n))
}

// part is a part of an event that may be left out.
type part uint8

const (
	theObject part = iota
	theTime
	thePlace
	nothing
)

// write appends one scan to the body of a request, damaged as was drawn for it.
func (m *model) write(body []byte, o *object, at int64) ([]byte, label) {
	d := m.debts.draw(m, o)
	if d.misreads() {
		m.read = m.misread(o, d)
	}
	missing := nothing
	if d == missingField {
		missing = part(m.chaos.below(int64(nothing)))
	}
	f := m.fields[:0]
	if missing != theObject {
		f = m.appendObject(f, o, d)
	}
	if missing != theTime {
		f = m.appendTime(f, o, at, d)
	}
	if missing != thePlace {
		f = m.appendPlace(f, d)
	}
	if d == wrongType {
		f = m.writer.wrongType(f)
	}
	f = append(f, m.run.rest...)
	m.fields = f
	known := o.class
	if !d.tells() && !(d.misreads() && m.read.atOnce()) {
		known = untold
	}
	return m.writer.event(body, f, d == truncated), label{known, d}
}

func (m *model) appendObject(f []byte, o *object, d damage) []byte {
	w := m.writer
	bars := o.field == event.IMb && !d.misreads() && (d == unreadable || m.chaos.chance(m.options.Shares.Bars))
	switch {
	case d.misreads():
		f = appendText(w, f, event.Bars, m.read.bars[:])
	case bars:
		m.bars = appendBars(m.bars[:0], o.text, d != unreadable, &m.chaos)
		f = appendText(w, f, event.Bars, m.bars)
	default:
		f = appendText(w, f, o.field, o.text)
	}
	switch {
	case d == contradictory:
		f = appendText(w, f, event.IMbMid, o.mid)
		last := len(f) - 1
		if !w.protobuf {
			last -= len(`",`)
		}
		f[last] = '0' + (f[last]-'0'+1)%10
	case m.run.mids && o.mid != nil && d != unreadable && !d.misreads():
		f = appendText(w, f, event.IMbMid, o.mid)
	}
	if o.tag != nil {
		f = appendText(w, f, event.IDTag, o.tag)
	}
	if o.special != "" {
		f = appendText(w, f, event.SpecialService, o.special)
	}
	if o.content > 0 {
		f = w.count(f, event.PieceCount, o.content)
		f = appendText(w, f, event.ScanState, "Arrived")
	}
	return f
}

func (m *model) appendTime(f []byte, o *object, at int64, d damage) []byte {
	switch d {
	case wrongTime:
		return appendText(m.writer, f, event.ScanDatetime, "2026-02-30T24:00:00.000Z")
	case future, stale, expired:
		return m.writer.time(f, m.moment(d, o.class), m.run.offset, false)
	}
	return m.writer.time(f, at, m.run.offset, m.run.local || d == unknownFacility)
}

func (m *model) appendPlace(f []byte, d damage) []byte {
	r, w := &m.run, m.writer
	if d == unknownFacility {
		f = appendText(w, f, event.ScanLocaleKey, m.network.nowhere)
		return append(f, r.machine...)
	}
	f = append(f, r.where...)
	switch d {
	case wrongDigits:
		f = appendText(w, f, event.ScanFacilityZip, r.zip[:4]+"O")
	case wrongLength:
		f = appendText(w, f, event.ScanFacilityZip, r.zip[:4])
	default:
		f = append(f, r.zipField...)
	}
	return append(f, r.machine...)
}
