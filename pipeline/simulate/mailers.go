package simulate

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"mailtrail/schemas/barcode"
)

// mailer sends letters and flats under its MID, and parcels.
type mailer struct {
	mid   string // 6 digits, or 9 that begin with a 9
	crid  string
	plant int // where its mail enters
	class barcode.Class
	stid  string
	// next is the serial number of its next piece.
	next uint64
}

// mailers are all senders and the service types that they use.
type mailers struct {
	all     []mailer
	first   []string // STIDs of First-Class Mail
	unknown []string // STIDs that the table does not know
	singles uint64   // single pieces so far
}

func newMailers(count int, plants int, r *random) (*mailers, error) {
	types := barcode.BuiltinServiceTypes()
	m := &mailers{all: make([]mailer, count)}
	byClass := map[barcode.Class][]string{}
	for code := range 1000 {
		stid := strconv.Itoa(1000 + code)[1:]
		service, known := types.Lookup([]byte(stid))
		switch {
		case !known && code >= 700:
			m.unknown = append(m.unknown, stid)
		case known && service.IVMTR && service.Use == barcode.UseOrdinary:
			byClass[service.Class] = append(byClass[service.Class], stid)
		}
	}
	m.first = byClass[barcode.ClassFirst]
	classes := []barcode.Class{
		barcode.ClassFirst, barcode.ClassFirst, barcode.ClassFirst, barcode.ClassFirst, barcode.ClassMarketing,
		barcode.ClassMarketing, barcode.ClassMarketing, barcode.ClassMarketing, barcode.ClassPeriodicals,
	}
	if len(m.first) == 0 || len(m.unknown) == 0 || len(byClass[barcode.ClassMarketing]) == 0 || len(byClass[barcode.ClassPeriodicals]) == 0 {
		return nil, errors.New("simulate: the service type table lacks First-Class, Marketing or Periodicals with scans, or knows every STID")
	}
	taken := make(map[string]bool, count)
	for i := range m.all {
		class := pick(r, classes)
		mid := drawMID(r)
		for taken[mid] {
			mid = drawMID(r)
		}
		taken[mid] = true
		m.all[i] = mailer{
			mid: mid, crid: strconv.FormatInt(r.between(1_000_000, 10_000_000), 10),
			plant: int(r.below(int64(plants))), class: class, stid: pick(r, byClass[class]),
			next: uint64(r.below(100_000)),
		}
	}
	return m, nil
}

// KnownBarcodes lists the mailers of the options' mail as a known set (see
// barcode.ParseKnownSet): all serial numbers of each.
func KnownBarcodes(options Options) ([]byte, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	if err := options.check(); err != nil {
		return nil, err
	}
	m, err := newModel(options)
	if err != nil {
		return nil, err
	}
	text := fmt.Appendf(nil, "# The %d mailers of simulated mail.\neffective %s\nsource mailtrail simulate, seed %d\n",
		len(m.mailers.all), options.Start.UTC().Format(time.DateOnly), options.Seed)
	for i := range m.mailers.all {
		text = append(append(text, m.mailers.all[i].mid...), '\n')
	}
	return text, nil
}

func drawMID(r *random) string {
	if r.chance(0.6) {
		return strconv.FormatInt(r.between(900_000_000, 1_000_000_000), 10)
	}
	return strconv.FormatInt(r.between(1_100_000, 1_900_000), 10)[1:]
}

// draw returns a mailer: few send much, most send little.
func (m *mailers) draw(r *random) int {
	share := float64(r.below(1<<20)) / (1 << 20)
	return int(share * share * float64(len(m.all)))
}

// Serial numbers below singleSerial belong to the trays of a mailer, those from
// there on to its single pieces, so that no two pieces have the same.
const singleSerial = 500_000

// take reserves the serial numbers of a tray of n pieces and returns the first.
// They are taken modulo singleSerial where they are printed.
func (m *mailers) take(i, n int) uint64 {
	first := m.all[i].next
	m.all[i].next += uint64(n)
	return first
}

// takeSingles reserves n single pieces, each of another mailer.
func (m *mailers) takeSingles(n int) uint64 {
	first := m.singles
	m.singles += uint64(n)
	return first
}

// single returns mailer and serial number of a single piece.
func (m *mailers) single(number uint64) (*mailer, uint64) {
	count := uint64(len(m.all))
	return &m.all[number%count], singleSerial + number/count
}

// applicationIdentifier returns the one that a package barcode with the MID has.
func (m *mailer) applicationIdentifier() string {
	if len(m.mid) == 9 {
		return "92"
	}
	return "93"
}

// classWords is the class of mail as the feed describes it.
func classWords(class barcode.Class) string {
	switch class {
	case barcode.ClassMarketing:
		return "Marketing"
	case barcode.ClassPeriodicals:
		return "Periodicals"
	}
	return "First-Class"
}
