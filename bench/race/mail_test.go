package race

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"mailtrail/schemas/facility"
)

const (
	scansOfAPiece = 6
	piecesOfATray = 200
	piecesOfAJob  = 1200
	// piecesOfAWave are sorted together at their destinations: 800 a facility.
	piecesOfAWave = 200_000
	facilities    = 250
	machines      = 1000 // machine m stands in facility m % facilities

	minute, hour, day = int64(60_000), int64(3_600_000), int64(86_400_000) // milliseconds
)

// mail is a model of machine-read mail, made to be written fast: which machine scans which pieces when. All that is
// random about a piece follows from the seed and its number. The mail of a job is sorted three times at its origin and,
// a day later, three times at each piece's destination.
type mail struct {
	seed   uint64
	base   int64 // of the first scan, Unix milliseconds
	places []place
	pieces int
	jobs   []job
	passes []pass // in the order of their time
}

// place is a facility with what its scans say of it.
type place struct {
	facility.Facility
	offset int64 // its clock's distance from UTC, minutes east
}

// job is a mailing.
type job struct {
	mid, stid, class, shape string
	id, group, crid         string
	started, predicted      string // dates
	origin                  int
	at                      int64 // first scan of its first tray, Unix milliseconds
	serial                  int   // of its first piece
}

// pass is a tray that goes through a machine.
type pass struct {
	at      int64 // of its first scan, Unix milliseconds
	phase   int
	machine int
	pieces  []uint32
}

// phase is one of the six scans of a piece.
type phase struct {
	code, name string
	after      int64 // since the job's first scan, or for destinations since the wave's first, milliseconds
}

var phases = [scansOfAPiece]phase{
	{"871", "Phase 1a - Origin Primary", 0},
	{"881", "Phase 1b - Origin Secondary", 52 * minute},
	{"893", "Phase 1c - Origin Sort to Transport", 161 * minute},
	{"896", "Phase 3a - Destination MMP", 22 * hour},
	{"918", "Phase 3b - Destination Primary", 25 * hour},
	{"919", "Phase 4c - Delivery Point Sequence", 31 * hour},
}

// firstAtDestination is the first phase that a piece goes through at its destination.
const firstAtDestination = 3

// newMail makes the mail of so many events (a multiple of six) whose first scan is at base.
func newMail(events int, seed uint64, base int64) (*mail, error) {
	m := &mail{seed: seed, base: base, pieces: events / scansOfAPiece}
	if err := m.makePlaces(); err != nil {
		return nil, err
	}
	m.makeJobs()
	every := make([]uint32, m.pieces)
	for i := range every {
		every[i] = uint32(i)
	}
	for first := 0; first < m.pieces; first += piecesOfAJob {
		m.sortAtOrigin(m.jobs[first/piecesOfAJob], every[first:min(first+piecesOfAJob, m.pieces)])
	}
	for first := 0; first < m.pieces; first += piecesOfAWave {
		m.sortAtDestinations(every[first:min(first+piecesOfAWave, m.pieces)])
	}
	slices.SortStableFunc(m.passes, func(a, b pass) int { return cmp.Compare(a.at, b.at) })
	return m, nil
}

// makePlaces takes plants from the facility table, spread over it. Their texts need no escapes in JSON.
func (m *mail) makePlaces() error {
	table, err := facility.Builtin()
	if err != nil {
		return fmt.Errorf("facility table: %w", err)
	}
	var plants []place
	for f := range table.All() {
		if f.Type != facility.Plant || f.Zone == facility.NoZone || len(f.Name) > 50 || strings.ContainsFunc(f.Name+f.City, needsEscape) {
			continue
		}
		_, offset, _ := table.LocalToUTC(f.Zone, facility.LocalTime(m.base))
		plants = append(plants, place{f, int64(offset)})
	}
	if len(plants) < facilities {
		return fmt.Errorf("the facility table has %d plants that can be used, %d are needed", len(plants), facilities)
	}
	for i := range facilities {
		m.places = append(m.places, plants[i*len(plants)/facilities])
	}
	return nil
}

func needsEscape(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`"\'`, r) }

var (
	kinds = []struct{ stid, class, shape string }{
		{"270", "First-Class Mail", "Letter"},
		{"271", "USPS Marketing Mail", "Letter"},
		{"241", "First-Class Mail", "Card"},
		{"231", "USPS Marketing Mail", "Flat"},
	}
	// scanners stand by the shape of what they read.
	scanners = map[string]string{"Letter": "DBCS", "Card": "DIOSS", "Flat": "AFSM100"}
)

// makeJobs makes the mailings, whose first scans are spread over a day. Every mailer has about two.
func (m *mail) makeJobs() {
	count := (m.pieces + piecesOfAJob - 1) / piecesOfAJob
	for i := range count {
		r := random(m.seed, 1, uint64(i))
		at := m.base + int64(i)*day/int64(count)
		kind := kinds[r%uint64(len(kinds))]
		mailer := i / 2
		m.jobs = append(m.jobs, job{
			mid: fmt.Sprintf("9%08d", 1_000_000+mailer*7919%90_000_000), stid: kind.stid, class: kind.class, shape: kind.shape,
			id: fmt.Sprintf("JOB%05d", i%100_000), group: fmt.Sprintf("%09d", 300_000_000+i*13), crid: fmt.Sprintf("%08d", 20_000_000+mailer*17),
			started: dateOf(at - 6*hour), predicted: dateOf(at + int64(2+r>>8%3)*day),
			origin: int(r >> 16 % facilities), at: at, serial: i % 2 * piecesOfAJob,
		})
	}
}

// sortAtOrigin sends the job's trays through the machines of its first facility.
func (m *mail) sortAtOrigin(j job, pieces []uint32) {
	m.sortTrays(j.origin, j.at, pieces, 0, firstAtDestination)
}

// sortAtDestinations brings the pieces of a wave into new trays by destination, and those through the machines there.
func (m *mail) sortAtDestinations(pieces []uint32) {
	began := m.jobs[pieces[0]/piecesOfAJob].at
	arrived := make([][]uint32, facilities)
	for _, piece := range pieces {
		to := m.destination(piece)
		arrived[to] = append(arrived[to], piece)
	}
	for to, pieces := range arrived {
		late := int64(random(m.seed, 2, uint64(to)) % uint64(2*hour))
		m.sortTrays(to, began+late, pieces, firstAtDestination, scansOfAPiece)
	}
}

func (m *mail) sortTrays(place int, at int64, pieces []uint32, from, to int) {
	for first, tray := 0, 0; first < len(pieces); first, tray = first+piecesOfATray, tray+1 {
		for phase := from; phase < to; phase++ {
			r := random(m.seed, uint64(at), uint64(tray), uint64(phase))
			m.passes = append(m.passes, pass{
				at:      at + phases[phase].after + int64(tray)*2*minute + int64(r%uint64(10*minute)),
				phase:   phase,
				machine: place + facilities*int(r>>32%(machines/facilities)),
				pieces:  pieces[first:min(first+piecesOfATray, len(pieces))],
			})
		}
	}
}

func (m *mail) destination(piece uint32) int {
	return int(random(m.seed, 3, uint64(piece)) % facilities)
}

// random mixes numbers into one that looks like chance (SplitMix64).
func random(parts ...uint64) (x uint64) {
	for _, part := range parts {
		x += part + 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		x ^= x >> 31
	}
	return x
}
