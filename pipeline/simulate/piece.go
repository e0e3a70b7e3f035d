package simulate

import (
	"mailtrail/schemas/barcode"
	"mailtrail/schemas/event"
)

// object is what a scan is about, as the model knows it.
type object struct {
	field event.Field
	text  []byte // its digits or characters
	mid   []byte // of an Intelligent Mail barcode: the MID in text
	tag   []byte // idTag, nil where it has none
	// special is the special service in words, empty where it has none.
	special string
	class   class
	// content is what a tray or container holds, 0 for pieces.
	content int
}

// Codes of packages: those of no special service, and those of one
// (barcode.BuiltinSpecialServices).
var (
	plainCodes   = [...]string{"001", "055", "612", "748"}
	specialCodes = [...]string{"021", "033", "071", "073", "088"}
)

// s10Items are the service indicators of international items and whether they
// are letters (mail) or packages by the first letter.
var s10Items = [...]struct {
	indicator string
	class     class
}{
	{"LX", mail}, {"LZ", mail}, {"RB", mail}, {"RR", mail}, {"UA", mail}, {"VV", mail}, {"CP", parcels}, {"CX", parcels}, {"EE", parcels}, {"HV", parcels},
}

var s10Countries = [...]string{"GB", "DE", "CN", "JP", "CA", "MX", "FR", "KR", "AU", "NL", "IN", "HK"}

// piece makes the i-th piece of the tray, in memory that is used again.
func (m *model) piece(t *tray, i int) *object {
	r := random{mix(t.seed + uint64(i)*golden)}
	o := &m.object
	*o = object{text: m.text[:0]}
	switch t.way().product {
	case letter, flat:
		m.mailpiece(o, t, i, &r)
	case parcel:
		m.parcel(o, t, i, &r)
	case international:
		o.field = event.S10
		o.text = appendS10(o.text, &r, &o.class)
		if o.class == mail && o.text[0] == 'R' && r.below(8) == 0 {
			o.special, o.class = "Registered Mail", special
		}
	}
	m.text = o.text
	return o
}

// mailpiece makes a letter or flat with its Intelligent Mail barcode.
func (m *model) mailpiece(o *object, t *tray, i int, r *random) {
	sender, serial := &m.mailers.all[t.mailer], (t.serial+uint64(i))%singleSerial
	stid := sender.stid
	if !t.way().presort {
		sender, serial = m.mailers.single(t.serial + uint64(i))
		stid = m.mailers.first[t.seed%uint64(len(m.mailers.first))]
	}
	if t.stid > 0 {
		stid = m.mailers.unknown[t.stid-1]
	}
	o.field, o.class = event.IMb, mail
	level := byte('0')
	if t.way().product == flat {
		level += byte(t.seed >> 8 % 6)
	}
	o.text = append(o.text, level, '0')
	o.text = append(o.text, stid...)
	o.text = append(o.text, sender.mid...)
	o.text = appendDigits(o.text, serial, 15-len(sender.mid))
	o.mid = o.text[5 : 5+len(sender.mid)]
	o.text = appendRouting(o.text, m.destinationZIP(t), r)
	m.tag = appendDigits(appendDigits(m.tag[:0], r.next(), 10), r.next(), 10)
	o.tag = m.tag
	if t.way().product == letter && t.way().presort && r.below(256) == 0 {
		o.special, o.class = "Certified Mail", special
	}
}

// parcel makes a package with its Intelligent Mail package barcode.
func (m *model) parcel(o *object, t *tray, i int, r *random) {
	sender := &m.mailers.all[t.mailer]
	o.field, o.class = event.IMpb, parcels
	switch {
	case r.below(2) == 0:
		o.text = append(append(o.text, "420"...), m.destinationZIP(t)...)
		if r.below(2) == 0 {
			// Below 9000, so that no application identifier seems to begin in the ZIP Code.
			o.text = appendDigits(o.text, uint64(r.between(1, 9000)), 4)
		}
	}
	start := len(o.text)
	o.text = append(o.text, sender.applicationIdentifier()...)
	if r.below(12) == 0 {
		o.text = append(o.text, specialCodes[r.below(int64(len(specialCodes)))]...)
		o.class = special
	} else {
		o.text = append(o.text, plainCodes[r.below(int64(len(plainCodes)))]...)
	}
	o.text = append(o.text, sender.mid...)
	o.text = appendDigits(o.text, t.serial+uint64(i), 16-len(sender.mid))
	o.text = append(o.text, checkDigit(o.text[start:]))
	if o.class == parcels && r.below(64) == 0 {
		o.special, o.class = "Insured Mail", special
	}
}

// handlingUnit makes the tray itself, with its Intelligent Mail tray barcode.
func (m *model) handlingUnit(t *tray) *object {
	sender := &m.mailers.all[t.mailer]
	o := &m.object
	*o = object{field: event.IMtb, class: mail, text: m.text[:0], content: int(t.pieces)}
	o.text = append(o.text, m.destinationZIP(t)...)
	contents := "246" // letters
	if t.way().product == flat {
		contents = "272"
	}
	o.text = append(append(o.text, contents...), '1')
	o.text = append(o.text, sender.mid...)
	o.text = appendDigits(o.text, t.serial, 14-len(sender.mid))
	o.text = append(o.text, '1')
	m.text = o.text
	return o
}

// container makes the container that brought the tray, with its Intelligent
// Mail container barcode.
func (m *model) container(t *tray) *object {
	sender := &m.mailers.all[t.mailer]
	o := &m.object
	*o = object{field: event.IMcb, class: mail, text: append(m.text[:0], "99M"...), content: int(t.pieces) * 20}
	o.text = append(o.text, sender.mid...)
	o.text = append(o.text, 'P')
	o.text = appendDigits(o.text, t.serial, 17-len(sender.mid))
	m.text = o.text
	return o
}

func (m *model) destinationZIP(t *tray) string {
	return m.network.plants[t.destination].units[t.unit].ZIP5
}

// appendRouting appends a routing code of mostly 11 digits, few of 9, 5 or none.
func appendRouting(dst []byte, zip string, r *random) []byte {
	kind := r.below(128)
	if kind == 0 {
		return dst
	}
	dst = append(dst, zip...)
	if kind < 4 {
		return dst
	}
	dst = appendDigits(dst, uint64(r.between(1, 9999)), 4)
	if kind < 12 {
		return dst
	}
	return appendDigits(dst, uint64(r.below(100)), 2)
}

// appendS10 appends an international item identifier (UPU S10) and tells its class.
func appendS10(dst []byte, r *random, of *class) []byte {
	item := &s10Items[r.below(int64(len(s10Items)))]
	*of = item.class
	dst = append(dst, item.indicator...)
	dst = appendDigits(dst, r.next(), 8)
	sum := 0
	for i, weight := range [8]int{8, 6, 4, 2, 3, 5, 9, 7} {
		sum += int(dst[len(dst)-8+i]-'0') * weight
	}
	check := 11 - sum%11
	switch check {
	case 10:
		check = 0
	case 11:
		check = 5
	}
	dst = append(dst, '0'+byte(check))
	return append(dst, s10Countries[r.below(int64(len(s10Countries)))]...)
}

// checkDigit is that of a package barcode: weights 3, 1, 3 ... from the right.
func checkDigit(digits []byte) byte {
	sum, weight := 0, 3
	for i := len(digits) - 1; i >= 0; i-- {
		sum += int(digits[i]-'0') * weight
		weight = 4 - weight
	}
	return '0' + byte((10-sum%10)%10)
}

// appendBars appends the bars of a mailpiece; too many of them are left out
// where it is not to be read.
func appendBars(dst []byte, digits []byte, readable bool, r *random) []byte {
	piece := mustIMb(digits)
	bars := piece.Bars()
	for lost := 0; !readable && lost < lostBars; {
		if at := r.below(barcode.BarCount); bars[at] != '?' {
			bars[at] = '?'
			lost++
		}
	}
	return append(dst, bars[:]...)
}

// lostBars is more than any method of repair finds again: beyond 13 of the 65
// hardly one barcode in five is the only one that fits.
const lostBars = 26

// appendDigits appends the last digits of a number, with leading zeros.
func appendDigits(dst []byte, n uint64, digits int) []byte {
	start := len(dst)
	for range digits {
		dst = append(dst, '0')
	}
	for i := len(dst) - 1; i >= start; i-- {
		dst[i] = '0' + byte(n%10)
		n /= 10
	}
	return dst
}
