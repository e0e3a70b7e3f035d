package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"slices"
	"strconv"
	"strings"

	"mailtrail/schemas/event"
)

// maxHeader is the longest header that is read and kept, in bytes.
const maxHeader = 1024

// builder reads messages into a block under the rules of one epoch. It knows
// no clock: what depends on one is left to the block's decision. asOf is a time
// not later than that decision.
type builder struct {
	rules   Rules
	decoder Decoder
	asOf    int64
	// unopened says of sealed messages why they did not open, by offset.
	unopened map[int64]error

	envelope Envelope
	intake   Intake

	zone, device string // of the message before
}

func newBuilder(rules Rules, asOf int64) *builder {
	return &builder{rules: rules, decoder: rules.Tables.Decoder(), asOf: asOf}
}

// keptHeaders are the headers that a reject keeps from its message.
var keptHeaders = []string{
	event.ContentTypeHeader, event.ReceivedHeader, event.DeviceHeader, event.ZoneHeader, event.BatchIDHeader,
	event.BatchPartHeader, event.BatchIndexHeader, event.PushGroupHeader, event.PushPartHeader, event.KindHeader,
}

// kept copies the headers that a reject keeps from the message.
func (e *Envelope) kept() (headers []event.Header) {
	for _, name := range keptHeaders {
		if value := e.Message.Header(name); value != nil && len(value) <= maxHeader {
			headers = append(headers, event.Header{Key: name, Value: bytes.Clone(value)})
		}
	}
	if e.Repair.Mending != nil { // so that it is not repaired again and again
		headers = append(headers, event.Header{Key: event.RepairHeader, Value: e.Repair.Text()})
	}
	return headers
}

// add takes a message into the block: every event of it becomes a row or a reject.
func (u *builder) add(b *block, m *event.Message) {
	env, err := u.open(m)
	request, headerErr := u.request(b, m, env)
	if err == nil {
		err = headerErr
	}
	unopened := error(nil)
	if env.seal != (event.Seal{}) {
		unopened = u.unopened[m.Offset]
	}
	switch {
	case errors.Is(unopened, ErrKeyEnded):
		b.rejects = append(b.rejects, reject{offset: m.Offset, origin: env.Origin, ended: true, err: new(event.Error)})
	case err != nil:
		u.rejectWhole(b, env, 0, err, m.Value)
	case unopened != nil:
		u.rejectWhole(b, env, 0, &event.Error{Code: event.NotReadable, Message: unopened.Error()}, m.Value)
	case len(m.Value) == 0:
		u.rejectWhole(b, env, 0, &event.Error{Code: event.EmptyValue, Message: "the message has no value"}, nil)
	default:
		u.intake = Intake{b: b, u: u, env: env}
		u.decoder.Decode(env, &u.intake)
	}
	if request.id != "" || request.origin != "" {
		if err != nil {
			request.places = nil
		}
		request.rowTo, request.rejTo = b.head.Len(), len(b.rejects)
		request.events = uint64(request.rowTo - request.rowFrom + request.rejTo - request.rejFrom)
		if request.places == nil && request.events > 0 {
			request.places = event.Ranges{{First: 0, Last: uint32(request.events - 1)}}
		}
		if request.places.Len() != request.events {
			u.misnumbered(b, env, &request)
		}
		b.requests = append(b.requests, request)
		b.bytes += 200
	}
	b.next = m.Offset + 1
}

// misnumbered rejects a message whose list of places is not as long as its
// events: which of them are repeats could not be told.
func (u *builder) misnumbered(b *block, env *Envelope, r *request) {
	captured := b.earliest(r.rowFrom, r.rejFrom)
	b.dropFrom(r.rowFrom, r.rejFrom)
	u.rejectWhole(b, env, 0, badHeader(event.BatchIndexHeader, "as many places as the message has events"), env.Message.Value)
	b.rejects[len(b.rejects)-1].captured = captured
	r.rowTo, r.rejTo, r.events, r.places = b.head.Len(), len(b.rejects), 1, event.Ranges{{}}
}

// row takes account of the row that the decoder has appended.
func (u *builder) row(b *block, env *Envelope, class string, captured int64, raw []byte) {
	if captured > u.asOf+u.rules.Ahead.Milliseconds() {
		b.early[b.head.Len()-1] = earlyEvent{payload: bytes.Clone(raw), headers: env.kept(), isProto: env.Proto}
		b.bytes += len(raw)
	}
	b.received = append(b.received, env.received)
	b.replayed = append(b.replayed, env.Origin != "")
	if captured == event.NoClock {
		captured = env.received
	}
	u.touch(b, class, min(captured, env.received, u.asOf))
}

// touch counts the slot in which a row with this clock will lie, unless it is due already.
func (u *builder) touch(b *block, class string, clock int64) {
	rule := u.rules.Schedule.Row(class)
	slot := slotKey{class, rule.SlotOf(clock)}
	if rule.DestroyAt(slot.slot)*1000 > u.asOf && !slices.Contains(b.slots, slot) {
		b.slots = append(b.slots, slot)
	}
}

func (u *builder) reject(b *block, env *Envelope, index uint32, stage event.Stage, err *event.Error, captured int64, payload []byte) {
	b.rejects = append(b.rejects, reject{
		offset: env.Message.Offset, index: index, origin: env.Origin, stage: stage, err: err, headers: env.kept(),
		payload: bytes.Clone(payload), isProto: env.Proto, received: env.received, captured: captured, replayed: env.Origin != "",
	})
	b.bytes += len(payload) + 400
}

// rejectWhole rejects bytes that could not be split into events.
func (u *builder) rejectWhole(b *block, env *Envelope, index uint32, err *event.Error, payload []byte) {
	if decoder, ok := u.decoder.(Withholding); ok && decoder.Withheld(payload) {
		payload = nil
	}
	u.reject(b, env, index, event.DecodeStage, err, 0, payload)
	b.rejects[len(b.rejects)-1].whole = true
}

// open reads the headers. It always returns an envelope, so that what cannot
// be read can still be rejected; it is valid until the next message.
func (u *builder) open(m *event.Message) (*Envelope, *event.Error) {
	env := &u.envelope
	*env = Envelope{Message: m, received: m.Time}
	if len(m.Headers) == 0 {
		return env, nil
	}
	// Headers that are not ours, such as those of tracing, may be as long as they like.
	tooLong := ""
	if len(m.Header(event.OriginHeader)) > maxHeader {
		tooLong = event.OriginHeader
	}
	for _, name := range keptHeaders {
		if len(m.Header(name)) > maxHeader {
			tooLong = name
		}
	}
	if tooLong != "" {
		return env, badHeader(tooLong, "at most "+strconv.Itoa(maxHeader)+" bytes")
	}
	env.Zone, env.Device, env.Origin = u.same(&u.zone, m.Header(event.ZoneHeader)), u.same(&u.device, m.Header(event.DeviceHeader)), string(m.Header(event.OriginHeader))
	if text := m.Header(event.ReceivedHeader); text != nil {
		received, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil {
			return env, badHeader(event.ReceivedHeader, "Unix milliseconds")
		}
		env.received = received
	}
	if env.Origin != "" {
		if _, err := event.ParseIdentity(env.Origin); err != nil {
			env.Origin = ""
			return env, badHeader(event.OriginHeader, "TOPIC/PARTITION/OFFSET/INDEX")
		}
		if m.Sealed() {
			var err error
			if env.seal, err = event.ParseSeal(m.Header(event.SealHeader)); err != nil {
				return env, badHeader(event.SealHeader, "aes-256-gcm slot/CLASS/START")
			}
		}
		if text := m.Header(event.RepairHeader); text != nil {
			var err error
			if env.Repair, err = event.ParseRepair(text); err != nil || len(text) > maxHeader {
				env.Repair = event.Repair{}
				return env, badHeader(event.RepairHeader, "CONFIDENCE MENDING, such as 9871 12D,40T")
			}
		}
	}
	var err *event.Error
	env.Proto, env.Lines, err = formOf(m.Header(event.ContentTypeHeader))
	return env, err
}

// same returns the text as a string, the one before where it is the same.
func (u *builder) same(before *string, text []byte) string {
	if *before != string(text) {
		*before = string(text)
	}
	return *before
}

// formOf tells how the events stand in a message: as protobuf, as JSON lines, or as neither, which is JSON.
func formOf(contentType []byte) (proto, lines bool, err *event.Error) {
	if len(contentType) == 0 {
		return false, false, nil
	}
	media, _, failed := mime.ParseMediaType(string(contentType))
	switch {
	case failed == nil && (media == event.ProtoType || media == "application/protobuf"):
		return true, false, nil
	case failed == nil && (media == event.JSONType || media == "text/json"):
		return false, false, nil
	case failed == nil && media == event.LinesType:
		return false, true, nil
	}
	return false, false, badHeader(event.ContentTypeHeader, event.JSONType+" or another that the topic takes")
}

// request reads what makes a message one that can be a repeat.
func (u *builder) request(b *block, m *event.Message, env *Envelope) (r request, failed *event.Error) {
	r = request{offset: m.Offset, origin: env.Origin, seal: env.seal, device: env.Device, rowFrom: b.head.Len(), rejFrom: len(b.rejects)}
	id := m.Header(event.BatchIDHeader)
	if len(id) == 0 || len(id) > maxHeader || r.origin != "" {
		// A replay is known by its origin; the request it came in is history.
		return r, nil
	}
	r.id = string(id)
	r.part = event.Part{Number: 1, Of: 1}
	var err error
	if text := m.Header(event.BatchPartHeader); text != nil {
		if r.part, err = event.ParsePart(string(text)); err != nil {
			return r, badHeader(event.BatchPartHeader, "k/n with 1 <= k <= n")
		}
	}
	if text := m.Header(event.BatchIndexHeader); text != nil {
		if r.places, err = event.ParseRanges(string(text)); err != nil {
			r.places = nil
			return r, badHeader(event.BatchIndexHeader, "rising ranges such as 0-3,5")
		}
	}
	if group := m.Header(event.PushGroupHeader); len(group) > 0 {
		r.pushGroup = strings.ToValidUTF8(string(group), "\uFFFD")
		if r.pushPart, err = event.ParsePart(string(m.Header(event.PushPartHeader))); err != nil {
			return r, badHeader(event.PushPartHeader, "k/n with 1 <= k <= n")
		}
	}
	return r, nil
}

func badHeader(name, expected string) *event.Error {
	return &event.Error{Code: event.BadHeader, Message: fmt.Sprintf("header %.64q: expected %s", name, expected)}
}
