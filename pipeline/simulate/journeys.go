package simulate

import "time"

// product is what kind of piece travels in a tray.
type product uint8

const (
	letter product = iota
	flat
	parcel        // domestic package
	international // item with an S10 identifier
)

// site is which of the tray's places a run is at.
type site uint8

const (
	originUnit site = iota
	originPlant
	destinationPlant
	destinationUnit
)

// machine is the equipment that works a run.
type machine uint8

const (
	canceller   machine = iota // advanced facer canceller
	letterSort                 // delivery barcode sorter
	flatSort                   // flat sorter
	parcelSort                 // package sorter
	dockScanner                // handheld at a plant's dock
	carrier                    // handheld of a delivery unit or carrier
)

// machineModel is what a scan tells of its machine.
type machineModel struct {
	name  string
	count int64 // how many of them a facility has
}

var machineModels = [...]machineModel{
	canceller: {"AFCS", 4}, letterSort: {"DBCS", 24}, flatSort: {"AFSM", 4}, parcelSort: {"APPS", 3},
	dockScanner: {"IMD", 12}, carrier: {"MDD", 40},
}

// handheld scanners have a deviceId, machines a machineId.
func (m machine) handheld() bool { return m >= dockScanner }

// stage is one run of a tray through a machine.
type stage struct {
	code    string // operation code, or event code of a package
	site    site
	machine machine
	// pace is the time that one piece takes.
	pace time.Duration
	// wait is the time from the end of the run before to the beginning of this
	// one: this long, and up to twice as long. Time on the road comes on top.
	wait time.Duration
	// tray: the run scans the tray, and perhaps its container, not the pieces.
	tray bool
	// assumed: nobody scanned the pieces; their tray was (handlingEventType S).
	assumed bool
}

// journey is the way of one kind of tray.
type journey struct {
	weight  int64 // how many of a thousand trays
	product product
	// presort trays belong to one mailer, the others hold single pieces of many.
	presort            bool
	smallest, greatest int64 // pieces in a tray
	// from and until bound the local hour at which the last run ends.
	from, until int64
	stages      []stage
}

// journeys are the ways of the mail. Codes 873, 874, 893, 918 and 919 and the
// event codes of packages are those of the feeds (MODS Handbook M-32; package
// event codes); the other sort programs are numbered after the same pattern.
var journeys = [...]journey{
	{weight: 270, product: letter, smallest: 150, greatest: 400, from: 2, until: 7, stages: []stage{
		{code: "015", site: originPlant, machine: canceller, pace: 110 * time.Millisecond},
		{code: "891", site: originPlant, machine: letterSort, pace: 100 * time.Millisecond, wait: 30 * time.Minute},
		{code: "892", site: originPlant, machine: letterSort, pace: 100 * time.Millisecond, wait: 40 * time.Minute},
		{code: "895", site: destinationPlant, machine: letterSort, pace: 100 * time.Millisecond, wait: 5 * time.Hour},
		{code: "918", site: destinationPlant, machine: letterSort, pace: 100 * time.Millisecond, wait: 2 * time.Hour},
		{code: "919", site: destinationPlant, machine: letterSort, pace: 100 * time.Millisecond, wait: 30 * time.Minute},
	}},
	{weight: 260, product: letter, presort: true, smallest: 150, greatest: 500, from: 2, until: 7, stages: []stage{
		{code: "874", site: originPlant, machine: dockScanner, tray: true},
		{code: "891", site: originPlant, machine: letterSort, pace: 100 * time.Millisecond, wait: 2 * time.Hour},
		{code: "892", site: originPlant, machine: letterSort, pace: 100 * time.Millisecond, wait: 40 * time.Minute},
		{code: "893", site: destinationPlant, machine: letterSort, pace: 100 * time.Millisecond, wait: 5 * time.Hour},
		{code: "895", site: destinationPlant, machine: letterSort, pace: 100 * time.Millisecond, wait: time.Hour},
		{code: "918", site: destinationPlant, machine: letterSort, pace: 100 * time.Millisecond, wait: 2 * time.Hour},
		{code: "919", site: destinationPlant, machine: letterSort, pace: 100 * time.Millisecond, wait: 30 * time.Minute},
	}},
	{weight: 120, product: letter, presort: true, smallest: 150, greatest: 500, from: 2, until: 7, stages: []stage{
		{code: "873", site: destinationPlant, machine: dockScanner, tray: true},
		{code: "874", site: destinationPlant, machine: dockScanner, pace: time.Millisecond, wait: 20 * time.Minute, assumed: true},
		{code: "893", site: destinationPlant, machine: letterSort, pace: 100 * time.Millisecond, wait: 3 * time.Hour},
		{code: "895", site: destinationPlant, machine: letterSort, pace: 100 * time.Millisecond, wait: time.Hour},
		{code: "918", site: destinationPlant, machine: letterSort, pace: 100 * time.Millisecond, wait: 3 * time.Hour},
		{code: "919", site: destinationPlant, machine: letterSort, pace: 100 * time.Millisecond, wait: 30 * time.Minute},
	}},
	{weight: 150, product: flat, presort: true, smallest: 60, greatest: 180, from: 3, until: 8, stages: []stage{
		{code: "874", site: originPlant, machine: dockScanner, tray: true},
		{code: "331", site: originPlant, machine: flatSort, pace: 210 * time.Millisecond, wait: 3 * time.Hour},
		{code: "332", site: originPlant, machine: flatSort, pace: 210 * time.Millisecond, wait: time.Hour},
		{code: "334", site: destinationPlant, machine: flatSort, pace: 210 * time.Millisecond, wait: 5 * time.Hour},
		{code: "335", site: destinationPlant, machine: flatSort, pace: 210 * time.Millisecond, wait: 90 * time.Minute},
		{code: "336", site: destinationPlant, machine: flatSort, pace: 210 * time.Millisecond, wait: 2 * time.Hour},
	}},
	{weight: 160, product: parcel, presort: true, smallest: 20, greatest: 60, from: 11, until: 18, stages: []stage{
		{code: "03", site: originUnit, machine: carrier, pace: 4 * time.Second},
		{code: "10", site: originPlant, machine: parcelSort, pace: 700 * time.Millisecond, wait: 3 * time.Hour},
		{code: "EF", site: originPlant, machine: dockScanner, pace: time.Second, wait: time.Hour},
		{code: "10", site: destinationPlant, machine: parcelSort, pace: 700 * time.Millisecond, wait: 5 * time.Hour},
		{code: "07", site: destinationUnit, machine: carrier, pace: 3 * time.Second, wait: 3 * time.Hour},
		{code: "OF", site: destinationUnit, machine: carrier, pace: 2 * time.Second, wait: 40 * time.Minute},
		{code: "01", site: destinationUnit, machine: carrier, pace: 75 * time.Second, wait: 40 * time.Minute},
	}},
	{weight: 15, product: parcel, presort: true, smallest: 5, greatest: 15, from: 11, until: 18, stages: []stage{
		{code: "03", site: originUnit, machine: carrier, pace: 4 * time.Second},
		{code: "10", site: originPlant, machine: parcelSort, pace: 700 * time.Millisecond, wait: 3 * time.Hour},
		{code: "10", site: destinationPlant, machine: parcelSort, pace: 700 * time.Millisecond, wait: 6 * time.Hour},
		{code: "07", site: destinationUnit, machine: carrier, pace: 3 * time.Second, wait: 3 * time.Hour},
		{code: "02", site: destinationUnit, machine: carrier, pace: 75 * time.Second, wait: 40 * time.Minute},
	}},
	{weight: 25, product: international, smallest: 10, greatest: 30, from: 11, until: 18, stages: []stage{
		{code: "10", site: originPlant, machine: parcelSort, pace: 700 * time.Millisecond},
		{code: "EF", site: originPlant, machine: dockScanner, pace: time.Second, wait: time.Hour},
		{code: "10", site: destinationPlant, machine: parcelSort, pace: 700 * time.Millisecond, wait: 5 * time.Hour},
		{code: "07", site: destinationUnit, machine: carrier, pace: 3 * time.Second, wait: 3 * time.Hour},
		{code: "OF", site: destinationUnit, machine: carrier, pace: 2 * time.Second, wait: 40 * time.Minute},
		{code: "01", site: destinationUnit, machine: carrier, pace: 75 * time.Second, wait: 40 * time.Minute},
	}},
}

// maxStages is the greatest number of runs of a journey.
const maxStages = 7
