package simulate

import (
	"time"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// model is the state of the mail and of the requests that carry its scans.
type model struct {
	options Options
	network *network
	mailers *mailers
	rows    [numClasses]*retention.Row
	slots   [numClasses]int64 // length of a slot, milliseconds
	behind  time.Duration
	damaged float64 // share of damaged events

	// Three sources of chance, so that none of them moves the others: what mail
	// there is, what a scan of it looks like, and how its requests travel.
	plans, chaos, travel random

	queue queue
	debts debts
	made  uint64 // events so far, without copies

	// Memory that is used again for every scan.
	writer *writer
	run    run
	object object
	text   []byte
	tag    []byte
	bars   []byte
	fields []byte

	photographs photographs

	read     misread // of the last event with damaged bars
	repairer *barcode.Repairer
}

func newModel(o Options) (*model, error) {
	m := &model{
		options: o, photographs: newPhotographs(&o), repairer: barcode.NewRepairer(o.Known), behind: o.Schedule.Behind(event.ScansTopic), writer: newWriter(o.Wire),
		plans: random{mix(o.Seed)}, chaos: random{mix(o.Seed + 1<<32)}, travel: random{mix(o.Seed + 2<<32)},
	}
	for c := mail; c < numClasses; c++ {
		m.rows[c] = o.Schedule.Row(classNames[c])
		m.slots[c] = time.Duration(m.rows[c].Slot).Milliseconds()
	}
	s := &o.Shares
	m.damaged = s.Stale + s.Expired + s.Malformed + s.Contradictory + s.Unreadable + s.UnknownFacility + s.Future +
		s.OneWrong + s.TwoWrong + s.ThreeWrong + s.Erased
	var err error
	if m.network, err = newNetwork(o.Facilities, &m.plans); err != nil {
		return nil, err
	}
	if m.mailers, err = newMailers(o.Mailers, len(m.network.plants), &m.plans); err != nil {
		return nil, err
	}
	return m, nil
}
