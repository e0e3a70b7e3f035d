package facility

import (
	"fmt"
	"iter"
)

// ZoneID names a time zone within one [Table]. It means nothing in another
// table: store the name ([Table.ZoneName]), never the number.
type ZoneID uint8

// NoZone is the zone of what has none that is known: military post offices,
// ZIP prefixes that are not in use.
const NoZone ZoneID = 0

// Type is the kind of a facility.
type Type uint8

// The types, by the first division of the postal facility file. A finer one
// (annex, station, detached mail unit ...) is not kept.
const (
	Other      Type = iota // a replacement file may say so
	Plant                  // mail processing: P&DC, NDC, annex
	Network                // transport: surface and air hubs, contract hubs
	PostOffice             // post office, station, branch, carrier annex
	NonPostal              // mailer's plant, detached unit, rail yard, planeside
)

// typeLetters are the letters of the types in the file, indexed by Type.
const typeLetters = "?PTON"

// String returns the type as analysts see it: "plant", "network",
// "post_office", "non_postal" or "other".
func (t Type) String() string {
	switch t {
	case Plant:
		return "plant"
	case Network:
		return "network"
	case PostOffice:
		return "post_office"
	case NonPostal:
		return "non_postal"
	}
	return "other"
}

// Facility is one row of the table. Its strings share the table's memory.
type Facility struct {
	LocaleKey string // 6 characters of 0-9 A-Z, unique
	ZIP5      string // 5 digits
	Name      string
	City      string
	State     string // 2 letters; territories and freely associated states too
	Type      Type
	Zone      ZoneID // from the ZIP
}

// Provenance says which edition of a part of the table this is.
type Provenance struct {
	Version   string // distinguishes editions, for people
	Effective string // YYYY-MM-DD: the day for which the part was compiled
	Source    string // where its facts are from, in words
}

// Table is the reference data: facilities, the zone of every ZIP, and the rules
// of these zones. It never changes once made and may be shared by goroutines.
type Table struct {
	facilities *facilitySection
	index      localeIndex
	rowZones   []ZoneID // the zone of each row of facilities
	zips       Provenance
	zipZones   []ZoneID // 100,000, indexed by the 5 digits as a number
	rules      Provenance
	zones      []zone // indexed by ZoneID; the first stands for NoZone
}

// newTable joins the parts. Every zone that the ZIPs name and every extra one
// must be found in rules.
func newTable(f *facilitySection, z *zipSection, rules *ruleSection, extra []string) (*Table, error) {
	t := &Table{facilities: f, zips: z.provenance, rules: rules.provenance, zones: make([]zone, 1)}
	for _, name := range extra {
		if _, err := t.addZone(name, rules); err != nil {
			return nil, err
		}
	}
	if err := t.spreadZIPs(z, rules); err != nil {
		return nil, err
	}
	t.rowZones = make([]ZoneID, len(f.rows))
	for i := range f.rows {
		t.rowZones[i] = t.ZoneOfZIP([]byte(f.zip(i)))
	}
	index, err := newLocaleIndex(f)
	if err != nil {
		return nil, err
	}
	t.index = index
	return t, nil
}

// Len returns the number of facilities.
func (t *Table) Len() int { return len(t.facilities.rows) }

// Provenance returns the editions of the three parts of the table.
func (t *Table) Provenance() (facilities, zips, rules Provenance) {
	return t.facilities.provenance, t.zips, t.rules
}

// ByLocale returns the facility with this locale key: exactly 6 characters,
// upper case, as the table has it.
func (t *Table) ByLocale(key []byte) (Facility, bool) {
	i, ok := t.index.find(t.facilities, key)
	if !ok {
		return Facility{}, false
	}
	return t.at(i), true
}

// ZoneOfZIP returns the zone of a ZIP of 5 digits or a ZIP+4 of 9, and NoZone
// for anything else and for ZIPs without a known zone.
func (t *Table) ZoneOfZIP(zip []byte) ZoneID {
	if len(zip) != 5 && len(zip) != 9 {
		return NoZone
	}
	n := 0
	for i, c := range zip {
		if c < '0' || c > '9' {
			return NoZone
		}
		if i < 5 {
			n = n*10 + int(c-'0')
		}
	}
	return t.zipZones[n]
}

// ZoneOf returns the zone of a place that is named by a locale key, a ZIP or
// both; either may be empty. The facility's own zone comes first; where the key
// is unknown, or its facility has no zone, the ZIP decides.
//
// known tells whether the place itself is one that the table knows: the
// facility when there is a locale key, else the ZIP. So z may be set and known
// false (an unknown facility with a good ZIP): the time can be told, and the
// event is to be flagged.
func (t *Table) ZoneOf(locale, zip []byte) (z ZoneID, known bool) {
	if i, ok := t.index.find(t.facilities, locale); ok {
		if z = t.rowZones[i]; z != NoZone {
			return z, true
		}
		return t.ZoneOfZIP(zip), true
	}
	z = t.ZoneOfZIP(zip)
	return z, z != NoZone && len(locale) == 0
}

// ZoneByName returns the zone of an IANA name ("America/Chicago"). A name that
// no ZIP has must have been given to [Table.WithZones] before.
func (t *Table) ZoneByName(name string) (ZoneID, error) {
	for i := 1; i < len(t.zones); i++ {
		if t.zones[i].name == name {
			return ZoneID(i), nil
		}
	}
	return NoZone, fmt.Errorf("time zone %.64q is not in the facility table (expected an IANA name like America/Chicago that the table has or was made with)", name)
}

// ZoneName returns the IANA name of a zone, and "" for NoZone.
func (t *Table) ZoneName(z ZoneID) string {
	if int(z) >= len(t.zones) {
		return ""
	}
	return t.zones[z].name
}

// WithZones returns a table that has these zones besides its own: those that
// devices are configured with. Names are IANA names; one that is unknown is an
// error that names it. The bytes of [Table.Encode] hold the zones too.
func (t *Table) WithZones(names ...string) (*Table, error) {
	rules, err := builtinRules()
	if err != nil {
		return nil, err
	}
	wider := *t
	wider.zones = append([]zone(nil), t.zones...)
	for _, name := range names {
		if _, err := wider.addZone(name, rules); err != nil {
			return nil, err
		}
	}
	return &wider, nil
}

// All yields every facility, in the order of the file.
func (t *Table) All() iter.Seq[Facility] {
	return func(yield func(Facility) bool) {
		for i := range t.facilities.rows {
			if !yield(t.at(i)) {
				return
			}
		}
	}
}

// at returns the facility of row i.
func (t *Table) at(i int) Facility {
	f := t.facilities
	return Facility{
		LocaleKey: f.localeKey(i), ZIP5: f.zip(i), State: f.state(i),
		City: f.city(i), Name: f.name(i), Type: f.rows[i].kind, Zone: t.rowZones[i],
	}
}

// addZone gives the named zone a number, or finds the one it has.
func (t *Table) addZone(name string, rules *ruleSection) (ZoneID, error) {
	if z, err := t.ZoneByName(name); err == nil {
		return z, nil
	}
	rule, ok := rules.find(name)
	if !ok {
		return NoZone, fmt.Errorf("time zone %.64q is unknown (expected an IANA name like America/Chicago)", name)
	}
	if len(t.zones) > 255 {
		return NoZone, fmt.Errorf("time zone %.64q is one too many (a table holds 255)", name)
	}
	z, err := rule.zone(name)
	if err != nil {
		return NoZone, err
	}
	t.zones = append(t.zones, z)
	return ZoneID(len(t.zones) - 1), nil
}
