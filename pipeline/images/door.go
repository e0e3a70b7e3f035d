package images

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// Images is the door for pictures, and what packs them. Serve its Handler, and end it with Close.
type Images struct {
	config  Config
	deps    Deps
	metrics *metrics
	packer  *packer

	requests budget
	bytes    budget
	bodies   sync.Pool // of *[]byte, for the contents of requests
	sealed   sync.Pool // of *[]byte, for sealed pictures
}

// New prepares a door; nothing runs yet.
func New(config Config, deps Deps) (*Images, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("images: %w", err)
	}
	if deps.Reached == nil {
		deps.Reached = func(Point) {}
	}
	d := &Images{
		config: config, deps: deps, requests: budget{limit: int64(config.Limits.Requests)}, bytes: budget{limit: config.Limits.BytesInFlight},
		sealed: sync.Pool{New: func() any { return new([]byte) }},
		bodies: sync.Pool{New: func() any { return new([]byte) }},
	}
	d.metrics = newMetrics(deps.Metrics, d)
	d.packer = newPacker(&d.config, &d.deps, d.metrics)
	return d, nil
}

// Close sends what was taken in on its way and returns when all of it is stored or refused. No request may be under way or come.
func (d *Images) Close() { d.packer.flush() }

// answerImages is the answer to pictures that were stored.
type answerImages struct {
	Images []answerImage `json:"images"`
	Time   string        `json:"time"`
}

type answerImage struct {
	ID event.ImageID `json:"id"`
}

// ServeHTTP is POST /v1/images.
func (d *Images) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := &answerer{w: w, clock: d.deps.Clock}
	began := d.deps.Clock()
	device, stored := "", 0
	defer func() {
		if panicked := recover(); panicked != nil {
			d.deps.Log.Error().Str("panic", fmt.Sprint(panicked)).Bytes("stack", debug.Stack()).Msg("a request failed within the door for images")
			if a.status != 0 {
				panic(http.ErrAbortHandler)
			}
			a.fail(fail(http.StatusInternalServerError, Internal, "the door failed; nothing was acknowledged"))
		}
		d.metrics.answered(a)
		line := d.deps.Log.Debug()
		if a.status >= http.StatusInternalServerError {
			line = d.deps.Log.Warn().AnErr("cause", a.cause)
		}
		line.Int("status", a.status).Int("images", stored).Dur("duration", d.deps.Clock().Sub(began)).Str("device", device).Msg("images")
	}()
	who, f := d.admit(w, r)
	if f != nil {
		a.fail(f)
		return
	}
	defer d.requests.give(1)
	device = who.Name
	in := &intake{door: d, device: who, now: began}
	in.begin()
	defer in.release()
	if f := in.read(w, r); f != nil {
		a.fail(f)
		return
	}
	if err := d.store(r.Context(), in.pictures); err != nil {
		a.fail(asFailure(err))
		return
	}
	stored = len(in.pictures)
	answer := answerImages{Time: a.serverTime()}
	for i := range in.pictures {
		answer.Images = append(answer.Images, answerImage{in.pictures[i].entry.ID})
	}
	a.answer(http.StatusCreated, answer)
}

// admit lets a request in before a byte of its body is read. The caller gives its place back where there is no failure.
func (d *Images) admit(w http.ResponseWriter, r *http.Request) (Device, *failure) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return Device{}, fail(http.StatusMethodNotAllowed, MethodNotAllowed, "expected POST")
	}
	device, ok := d.deps.Authenticator.Authenticate(r)
	if !ok {
		w.Header()["Www-Authenticate"] = []string{`Bearer realm="mailtrail"`, `Basic realm="mailtrail", charset="UTF-8"`}
		return Device{}, fail(http.StatusUnauthorized, Unauthorized, "no device has these credentials, or it was revoked: expected Authorization: Bearer TOKEN, HTTP basic with device and token, or a client certificate")
	}
	if retryAfter, reason, refuse := d.deps.Pressure.Refuse(); refuse {
		return Device{}, later(PipelineFull, retryAfter, reason)
	}
	if f := d.packer.refuse(); f != nil {
		return Device{}, f
	}
	if !d.requests.take(1) {
		return Device{}, later(Busy, time.Second, "as many requests as the door works on at once").withLimit(d.requests.limit)
	}
	return device, nil
}

// store seals the pictures, packs them, and returns when all of them are stored and indexed.
func (d *Images) store(ctx context.Context, pictures []picture) error {
	var waiting []*pack
	var failed error
	for i := range pictures {
		k, err := d.seal(ctx, &pictures[i])
		if err != nil {
			failed = err // those before are stored all the same: the client's repeat finds them there
			break
		}
		pictures[i].bytes = nil
		if len(waiting) == 0 || waiting[len(waiting)-1] != k {
			waiting = append(waiting, k)
		}
	}
	for _, k := range waiting {
		<-k.done
		if failed == nil {
			failed = k.err
		}
	}
	return failed
}

// seal puts a picture, sealed, into a pack.
func (d *Images) seal(ctx context.Context, p *picture) (*pack, error) {
	memory := d.sealed.Get().(*[]byte)
	defer d.sealed.Put(memory)
	sealed, err := d.deps.Sealer.Seal(ctx, (*memory)[:0], objectOf(p.slot, p.entry.ID), p.bytes)
	if err != nil {
		return nil, noKey(d.deps.Sealer, err)
	}
	*memory = sealed
	p.entry.Hash = sha256.Sum256(sealed)
	return d.packer.add(p, sealed), nil
}

// objectOf is what a picture in a pack of the slot is bound to.
func objectOf(slot int64, id event.ImageID) Object {
	return Object{Class: retention.MailpieceImages, Slot: time.Unix(slot, 0).UTC(), ID: id.String(), Version: sealedForm}
}
