package simulate

import (
	"cmp"
	"errors"
	"slices"
	"strconv"

	"mailtrail/schemas/event"
	"mailtrail/schemas/facility"
)

// Bounds of the network.
const (
	unitsPerPlant = 12
	minuteMilli   = 60_000
	dayMilli      = 86_400_000
)

// place is a facility on the way of the mail.
type place struct {
	facility.Facility
	number int // among all places
}

// plant is a processing plant and the delivery units that it serves.
type plant struct {
	place
	units []place
}

// network is where the mail travels: plants and delivery units with a known
// time zone.
type network struct {
	table  *facility.Table
	plants []plant
	// nowhere is a locale key that no facility has.
	nowhere string
}

// newNetwork draws the delivery units of every plant in the table.
func newNetwork(table *facility.Table, r *random) (*network, error) {
	n := &network{table: table, nowhere: unknownKey(table)}
	var offices []facility.Facility
	for f := range table.All() {
		if f.Zone == facility.NoZone || len(f.Name) > event.ScanFacilityName.Spec().Max || len(f.City) > event.ScanFacilityCity.Spec().Max {
			continue
		}
		switch f.Type {
		case facility.Plant:
			n.plants = append(n.plants, plant{place: place{Facility: f}})
		case facility.PostOffice:
			offices = append(offices, f)
		}
	}
	if len(n.plants) == 0 {
		return nil, errors.New("simulate: the facility table has no plant with a time zone; expected at least one, and its delivery units")
	}
	slices.SortFunc(n.plants, func(a, b plant) int {
		return cmp.Or(cmp.Compare(a.ZIP5, b.ZIP5), cmp.Compare(a.LocaleKey, b.LocaleKey))
	})
	for i := len(offices) - 1; i > 0; i-- {
		j := r.below(int64(i + 1))
		offices[i], offices[j] = offices[j], offices[i]
	}
	for _, f := range offices {
		if p := n.nearest(f.ZIP5); len(p.units) < unitsPerPlant {
			p.units = append(p.units, place{Facility: f})
		}
	}
	n.plants = slices.DeleteFunc(n.plants, func(p plant) bool { return len(p.units) == 0 })
	if len(n.plants) == 0 {
		return nil, errors.New("simulate: the facility table has no post office with a time zone; expected some, to be delivery units")
	}
	n.number()
	return n, nil
}

// nearest returns the plant whose ZIP Code is nearest: Codes grow with the region.
func (n *network) nearest(zip string) *plant {
	after, _ := slices.BinarySearchFunc(n.plants, zip, func(p plant, zip string) int { return cmp.Compare(p.ZIP5, zip) })
	before := max(0, after-1)
	if after = min(after, len(n.plants)-1); apart(n.plants[before].ZIP5, zip) <= apart(n.plants[after].ZIP5, zip) {
		return &n.plants[before]
	}
	return &n.plants[after]
}

func apart(a, b string) int {
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	return max(x-y, y-x)
}

func (n *network) number() {
	number := 0
	for i := range n.plants {
		n.plants[i].number = number
		number++
		for j := range n.plants[i].units {
			n.plants[i].units[j].number = number
			number++
		}
	}
}

func unknownKey(table *facility.Table) string {
	for i := 999; ; i-- {
		key := "ZZZ" + strconv.Itoa(i)
		if _, known := table.ByLocale([]byte(key)); !known {
			return key
		}
	}
}

// offset returns the minutes east of UTC that a place's clocks had at a moment.
func (n *network) offset(zone facility.ZoneID, unixMilli int64) int16 {
	for _, probe := range [...]int64{unixMilli - dayMilli, unixMilli + dayMilli} {
		_, guess, _ := n.table.LocalToUTC(zone, facility.LocalTime(probe))
		wall := facility.LocalTime(unixMilli + int64(guess)*minuteMilli)
		if at, offset, _ := n.table.LocalToUTC(zone, wall); at == unixMilli && offset == guess {
			return guess
		}
	}
	// The second pass of the autumn hour: the table reads its wall times as the first.
	_, after, _ := n.table.LocalToUTC(zone, facility.LocalTime(unixMilli+dayMilli))
	return after
}

// transitDays is how long mail is on the road between two plants, by the
// distance of their ZIP Codes' first digits.
func transitDays(from, to string) int64 {
	switch regions := max(int(from[0])-int(to[0]), int(to[0])-int(from[0])); {
	case from == to || regions == 0:
		return 0
	case regions <= 2:
		return 1
	case regions <= 5:
		return 2
	}
	return 3
}
