package facility

import (
	"cmp"
	"fmt"
	"slices"
)

// Encode returns the table's canonical bytes: a file with all three sections
// that [Parse] turns into an equal table, whatever is built into the program by
// then. Tables with the same content have the same bytes, in whatever order and
// form their files were written, so the bytes may be hashed to tell editions
// apart. They are plain text of about 1.5 MB; comments are not kept.
func (t *Table) Encode() []byte {
	b := make([]byte, 0, len(t.facilities.text)+256<<10)
	b = append(b, magic...)
	b = append(b, '\n')
	b = t.appendRules(b)
	b = t.appendZIPs(b)
	return t.facilities.appendTo(b)
}

func appendHeader(b []byte, section string, p Provenance) []byte {
	return fmt.Appendf(b, "[%s]\n@version\t%s\n@effective\t%s\n@source\t%s\n", section, p.Version, p.Effective, p.Source)
}

// appendRules writes the zones by name: their numbers depend on the order in
// which they were met.
func (t *Table) appendRules(b []byte) []byte {
	b = appendHeader(b, "rules", t.rules)
	zones := slices.Clone(t.zones[1:])
	slices.SortFunc(zones, func(a, b zone) int { return cmp.Compare(a.name, b.name) })
	for _, z := range zones {
		b = appendRule(b, z)
	}
	return b
}

// appendZIPs writes runs of ZIPs with one zone, 5 digits each.
func (t *Table) appendZIPs(b []byte) []byte {
	b = appendHeader(b, "zips", t.zips)
	for first := 0; first < zipCount; {
		end := first + 1
		for end < zipCount && t.zipZones[end] == t.zipZones[first] {
			end++
		}
		if z := t.zipZones[first]; z != NoZone {
			b = fmt.Appendf(b, "%05d-%05d\t%s\n", first, end-1, t.ZoneName(z))
		}
		first = end
	}
	return b
}

// appendTo writes the rows by locale key.
func (f *facilitySection) appendTo(b []byte) []byte {
	b = appendHeader(b, "facilities", f.provenance)
	order := make([]int, len(f.rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(f.localeKey(i), f.localeKey(j)) })
	for _, i := range order {
		name := f.name(i)
		if name == f.city(i) {
			name = sameName
		}
		b = append(b, f.localeKey(i)...)
		b = append(b, '\t')
		b = append(b, f.zip(i)...)
		b = append(b, '\t')
		b = append(b, f.state(i)...)
		b = append(b, '\t', typeLetters[f.rows[i].kind], '\t')
		b = append(b, f.city(i)...)
		b = append(b, '\t')
		b = append(b, name...)
		b = append(b, '\n')
	}
	return b
}
