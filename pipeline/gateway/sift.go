package gateway

import (
	"context"
	"fmt"
	"time"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// Why an event is refused, beside event's own codes.
const (
	// TooOld: the scan is older than the schedule lets a record be when it comes in.
	TooOld event.Code = "too_old"
	// TooFarAhead: the scan lies further in the future than clocks may differ.
	TooFarAhead event.Code = "too_far_ahead"
)

// sift checks every event of the body: the accepted ones are encoded into
// parts, or with preview their fate is told; the others are refused one by one.
func (g *Gateway) sift(ctx context.Context, w *work, device Device, preview bool) {
	now := g.deps.Clock().UnixMilli()
	cut := cutter{w: w, target: g.partBytes}
	unknown := 0
	for i, raw := range w.body.Events {
		if preview && ctx.Err() != nil {
			break // damaged bars take long to tell of, and nobody waits for the answer any more
		}
		cut.next(len(raw))
		err := w.body.Decode(i, &w.scan)
		if err == nil {
			err = w.scan.Check()
		}
		if err == nil {
			err = g.checkTime(&w.scan, device, now)
		}
		unknown += w.scan.Unknown
		if err != nil {
			line, column := w.body.Place(i, err.Field)
			w.refused = append(w.refused, refusal{Index: i, Line: line, Column: column, Field: err.Field, Code: err.Code, Message: err.Message})
			continue
		}
		w.accepted++
		if preview {
			w.previews = append(w.previews, g.preview(w, i, device))
		} else {
			cut.add(uint32(i))
		}
	}
	cut.end()
	g.metrics.unknownFields.Add(float64(unknown))
}

func (g *Gateway) preview(w *work, i int, device Device) preview {
	class, outcome, err := g.deps.Preview(&w.scan, device.Zone)
	p := preview{Index: i, Class: class, Outcome: outcome.String()}
	if err != nil {
		p.Field, p.Code, p.Message = err.Field, err.Code, err.Message
	}
	return p
}

// window is how far from now the time of a scan may lie, in milliseconds.
type window struct {
	behind, ahead           int64
	tooOldText, tooLateText string
}

func newWindow(behind, ahead time.Duration) window {
	return window{
		behind:      behind.Milliseconds(),
		ahead:       ahead.Milliseconds(),
		tooOldText:  fmt.Sprintf("the scan is more than %s old (behind, in the retention schedule)", retention.Duration(behind)),
		tooLateText: fmt.Sprintf("the scan lies more than %s ahead of the server's clock, which the answer carries (ingest.ahead)", retention.Duration(ahead)),
	}
}

// checkTime refuses a scan that is outside of the window in every reading of its
// time. What remains doubtful here is decided by ingest.
func (g *Gateway) checkTime(s *event.Scan, device Device, now int64) *event.Error {
	earliest, latest := g.readings(s, device)
	switch {
	case latest < now-g.window.behind:
		return &event.Error{Field: event.ScanDatetime.String(), Code: TooOld, Message: g.window.tooOldText}
	case earliest > now+g.window.ahead:
		return &event.Error{Field: event.ScanDatetime.String(), Code: TooFarAhead, Message: g.window.tooLateText}
	}
	return nil
}

// readings returns the earliest and the latest moment, Unix milliseconds, that
// the scan's time can mean: one where it has an offset or its zone is known,
// else those in all zones of the Earth.
func (g *Gateway) readings(s *event.Scan, device Device) (earliest, latest int64) {
	const farthest = int64(14 * time.Hour / time.Millisecond)
	if s.Time.HasOffset {
		return s.Time.UnixMilli(), s.Time.UnixMilli()
	}
	if moment, known := g.deps.LocalTime(s, device.Zone); known {
		return moment, moment
	}
	return s.Time.WallMilli - farthest, s.Time.WallMilli + farthest
}
