package simulate

import (
	"errors"
	"fmt"
	"math"
	"time"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/event"
	"mailtrail/schemas/facility"
	"mailtrail/schemas/retention"
)

// Door is where the mail is sent to.
type Door string

// The doors.
const (
	HTTP  Door = "http"  // the gateway
	Kafka Door = "kafka" // straight into the topic mail.scans
	File  Door = "file"  // newline-delimited JSON
)

// Wire is the form of the events.
type Wire string

// The forms.
const (
	JSON     Wire = "json"     // an event a line, or a Kafka message
	Protobuf Wire = "protobuf" // a ScanBatch a request, or a Kafka message
)

// Times that the model keeps.
const (
	day = 24 * time.Hour
	// history is the longest way of a tray, from its first scan to its last.
	history = 5 * day
	// longestRun is how long a run may take while its truth holds.
	longestRun = 6 * time.Hour
	// border is how far every event stays from a limit.
	border = time.Hour
	// oldestLate is how old late mail may be, at Now.
	oldestLate = 15 * day
)

// maxBatch keeps a request within what a door takes in one piece.
const maxBatch = 10_000

// Options say which mail is made and how it is sent. Start from Defaults.
type Options struct {
	Seed uint64
	// Count is the number of events; copies of repeated requests come on top.
	Count uint64
	// Duration, instead of Count, is how long the run is to take at Rate.
	Duration time.Duration
	// Rate is the most events a second, copies included; 0: as fast as they are taken.
	Rate float64
	// Now is the wall clock when the run begins.
	Now time.Time
	// Start is the beginning of the day of mail; zero: 24 hours before Now.
	Start time.Time
	// BatchSize is the number of events in a request.
	BatchSize int
	// Mailers is how many mailers send mail.
	Mailers int
	Door    Door
	Wire    Wire
	Shares  Shares
	// Images is the share of the scans of letters and flats by machines whose picture is
	// sent too, of those that are young enough for the schedule; only to the gateway.
	Images float64
	// Ahead is how far ahead of the clock a scan may lie (ingest.ahead).
	Ahead time.Duration
	// Schedule is the retention schedule that the doors keep; nil: the built-in one.
	Schedule *retention.Schedule
	// Known are the barcodes that the doors know; nil: none.
	Known *barcode.KnownSet
	// Facilities is the facility table that the doors know; nil: the built-in one.
	Facilities *facility.Table
}

// Shares are how much of the mail is out of the ordinary, each from 0 to 1.
type Shares struct {
	Repeated   float64 // requests that are sent a second time
	OutOfOrder float64 // requests that arrive after later ones
	Late       float64 // trays whose scans arrive hours to 15 days late

	Stale           float64 // events older than behind whose slot still lives
	Expired         float64 // events whose slot was due
	Malformed       float64 // events that are not one: shape, types, fields, digits
	Contradictory   float64 // events whose MID is not that of the barcode
	Unreadable      float64 // events with bars of which too many were not read
	UnknownFacility float64 // events with a local time at a facility that is not known
	Future          float64 // events further ahead than ahead

	// Events of letters and flats with damaged bars. OneWrong, TwoWrong and Erased (one to
	// six bars that were not read) are repaired in the stream where they can be; ThreeWrong
	// are rejected there and then, as a rule, stored by a replay of what repairs rejects,
	// so that the topic has them twice.
	OneWrong, TwoWrong, ThreeWrong, Erased float64

	UnknownSTID float64 // trays with a STID that the service type table does not know
	Bars        float64 // events of letters and flats with bars instead of digits
	LocalTime   float64 // runs of a machine with local times, without an offset
}

// Defaults returns the options of a day of mail that ends now: a million events
// in JSON for the gateway, with a little of every disturbance.
func Defaults(now time.Time) Options {
	return Options{
		Seed: 1, Count: 1_000_000, Now: now, BatchSize: 500, Mailers: 3000,
		Door: HTTP, Wire: JSON, Ahead: 10 * time.Minute,
		Shares: Shares{
			Repeated: 0.01, OutOfOrder: 0.01, Late: 0.02,
			Stale: 0.001, Expired: 0.002, Malformed: 0.003, Contradictory: 0.002,
			Unreadable: 0.002, UnknownFacility: 0.001, Future: 0.001,
			OneWrong: 0.0005, TwoWrong: 0.0005, Erased: 0.0005,
			UnknownSTID: 0.005, Bars: 0.03, LocalTime: 0.1,
		},
	}
}

// complete fills in what was left out.
func (o Options) complete() (Options, error) {
	if o.Duration > 0 && o.Count == 0 && o.Rate > 0 {
		o.Count = uint64(math.Round(o.Duration.Seconds() * o.Rate))
		o.Duration = 0
	}
	if o.Start.IsZero() {
		o.Start = o.Now.Add(-day)
	}
	if o.Schedule == nil {
		o.Schedule = retention.Builtin()
	}
	if o.Facilities == nil {
		table, err := facility.Builtin()
		if err != nil {
			return o, fmt.Errorf("simulate: %w", err)
		}
		o.Facilities = table
	}
	return o, nil
}

// check says every mistake in completed options.
func (o *Options) check() error {
	var found []error
	wrong := func(format string, args ...any) { found = append(found, fmt.Errorf(format, args...)) }
	switch {
	case o.Duration != 0 && o.Count != 0:
		wrong("either count or duration, not both")
	case o.Duration != 0:
		wrong("duration %s needs a rate: events are counted, duration x rate", o.Duration)
	case o.Count == 0:
		wrong("count is 0, expected the number of events")
	}
	if !(o.Rate >= 0) || math.IsInf(o.Rate, 0) {
		wrong("rate is %g, expected events a second, or 0 for as fast as they are taken", o.Rate)
	} else if o.Rate > 0 && float64(o.Count)/o.Rate > longestRun.Seconds() {
		wrong("%d events at %g a second take longer than %s, for which the truth holds: raise the rate or lower the count", o.Count, o.Rate, longestRun)
	}
	if o.BatchSize < 1 || o.BatchSize > maxBatch {
		wrong("batch size is %d, expected 1 to %d", o.BatchSize, maxBatch)
	}
	if o.Mailers < 1 || o.Mailers > 100_000 {
		wrong("mailers are %d, expected 1 to 100000", o.Mailers)
	}
	if o.Ahead < 0 {
		wrong("ahead is %s, expected 0 or more", o.Ahead)
	}
	if o.Door != HTTP && o.Door != Kafka && o.Door != File {
		wrong("door is %q, expected http, kafka or file", o.Door)
	}
	if o.Wire != JSON && (o.Wire != Protobuf || o.Door == File) {
		wrong("wire is %q, expected json, or protobuf for the doors http and kafka", o.Wire)
	}
	found = append(found, o.Shares.mistakes()...)
	found = append(found, o.timeMistakes()...)
	found = append(found, o.imageMistakes()...)
	if err := errors.Join(found...); err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	return nil
}

func (s *Shares) mistakes() (found []error) {
	onEvents := 0.0
	for _, share := range []struct {
		name    string
		value   float64
		onEvent bool
	}{
		{"repeated", s.Repeated, false}, {"out of order", s.OutOfOrder, false}, {"late", s.Late, false},
		{"stale", s.Stale, true}, {"expired", s.Expired, true}, {"malformed", s.Malformed, true},
		{"contradictory", s.Contradictory, true}, {"unreadable", s.Unreadable, true},
		{"unknown facility", s.UnknownFacility, true}, {"future", s.Future, true},
		{"one wrong bar", s.OneWrong, true}, {"two wrong bars", s.TwoWrong, true}, {"three wrong bars", s.ThreeWrong, true}, {"erased", s.Erased, true},
		{"unknown STID", s.UnknownSTID, false}, {"bars", s.Bars, false}, {"local time", s.LocalTime, false},
	} {
		if !(share.value >= 0 && share.value <= 1) {
			found = append(found, fmt.Errorf("share %s is %g, expected 0 to 1", share.name, share.value))
		} else if share.onEvent {
			onEvents += share.value
		}
	}
	if onEvents > 0.5 {
		found = append(found, fmt.Errorf("shares of damaged events are %g together, expected at most 0.5", onEvents))
	}
	return found
}

// timeMistakes checks that ordinary mail stays clear of every limit.
func (o *Options) timeMistakes() (found []error) {
	behind := o.Schedule.Behind(event.ScansTopic)
	first := o.Now.Add(longestRun + border + history - behind)
	last := o.Now.Add(-day)
	if o.Start.Before(first) || o.Start.After(last) {
		found = append(found, fmt.Errorf(
			"start is %s, expected from %s (scans go back %s before it, and the schedule takes what is up to %s old) to %s (the day of mail ends by now)",
			o.Start.UTC().Format(time.RFC3339), first.UTC().Format(time.RFC3339), history, behind, last.UTC().Format(time.RFC3339)))
	}
	for _, class := range classNames[1:] {
		row := o.Schedule.Row(class)
		if life := time.Duration(row.Life()) * time.Second; life-time.Duration(row.Slot) < behind {
			found = append(found, fmt.Errorf("class %s: its slots live %s, which must be longer than behind %s", class, life, behind))
		}
	}
	return found
}
