package gateway

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"mailtrail/schemas/event"
)

// eventsAnswer is the answer to POST /v1/scans and /v1/records/{kind} where something could be read.
type eventsAnswer struct {
	Batch    string    `json:"batch"`
	Accepted int       `json:"accepted"`
	Refused  []refusal `json:"refused"`
	// Check tells that nothing was stored, Events what would become of the accepted events.
	Check  bool      `json:"check,omitempty"`
	Events []preview `json:"events,omitempty"`
	Time   string    `json:"time"`
}

// refusal is one event that was not taken in.
type refusal struct {
	Index int `json:"index"` // the event's place in the request, from 0
	// Line and Column are its place in a CONFIRM file, from 1; Column is absent where the whole line is meant.
	Line    int        `json:"line,omitempty"`
	Column  int        `json:"column,omitempty"`
	Field   string     `json:"field,omitempty"`
	Code    event.Code `json:"code"`
	Message string     `json:"message"`
}

// preview is what would become of one event.
type preview struct {
	Index   int        `json:"index"`
	Class   string     `json:"class,omitempty"`
	Outcome string     `json:"outcome"`
	Field   string     `json:"field,omitempty"`
	Code    event.Code `json:"code,omitempty"`
	Message string     `json:"message,omitempty"`
}

func (c *call) postScans() { c.postEvents(c.g.deps.Pressure, (*call).takeIn) }

// postEvents takes in what takeIn finds in the request, unless too much waits in the topic that it goes to.
func (c *call) postEvents(pressure Pressure, takeIn func(c *call, w *work, check bool) (batch string, failed *failure)) {
	check, failed := checkOnly(c.r)
	if failed != nil {
		c.fail(failed)
		return
	}
	if pressure != nil && !check {
		if retryAfter, reason, refuse := pressure.Refuse(); refuse {
			c.fail(later(PipelineFull, retryAfter, reason))
			return
		}
	}
	w := c.g.works.Get().(*work)
	reuse := true
	defer func() { c.g.giveBack(w, reuse) }()

	batch, failed := takeIn(c, w, check)
	if failed != nil {
		c.fail(failed)
		return
	}
	if !check && w.accepted > 0 {
		if failed := c.produce(w, batch); failed != nil {
			// A producer that gave up may still be reading what it was given.
			reuse = false
			c.fail(failed)
			return
		}
	}
	c.answerEvents(w, batch, check)
}

// takeIn reads the request, checks its events and encodes the accepted ones.
func (c *call) takeIn(w *work, check bool) (batch string, failed *failure) {
	form, failed := formOf(c.r.Header)
	if failed != nil {
		return "", failed
	}
	key, failed := idempotencyKey(c.r.Header)
	if failed != nil {
		return "", failed
	}
	if failed := c.readBody(w); failed != nil {
		return "", failed
	}
	if err := w.body.Split(form, w.data, c.g.config.Limits.Events); err != nil {
		return "", c.g.splitFailure(w, err)
	}
	c.g.sift(c.r.Context(), w, c.device, check)
	return batchID(c.device.Name, scansKind, key, w.data), nil
}

func (g *Gateway) splitFailure(w *work, err *event.Error) *failure {
	switch err.Code {
	case event.EmptyValue:
		return fail(http.StatusBadRequest, EmptyBody, err.Message)
	case event.TooManyEvents:
		return fail(http.StatusRequestEntityTooLarge, TooManyEvents, err.Message+": send them in several requests").withLimit(int64(g.config.Limits.Events))
	}
	f := fail(http.StatusBadRequest, NotReadable, err.Message)
	f.index = len(w.body.Events)
	return f
}

// produce writes the accepted events to Kafka and returns when all replicas have them.
func (c *call) produce(w *work, batch string) *failure {
	g := c.g
	messages := w.messages(batch, c.device, g.deps.Clock())
	ctx, cancel := context.WithTimeout(c.r.Context(), g.config.Limits.Produce)
	defer cancel()
	start := time.Now()
	err := g.deps.Producer.Produce(ctx, messages)
	g.metrics.produced(time.Since(start), len(messages), err)
	if err != nil {
		return later(NotAcknowledged, time.Second, "Kafka did not acknowledge: send the same request again, it is stored once").because(fmt.Errorf("produce: %w", err))
	}
	if w.body.Push.Odd {
		g.metrics.oddEnvelopes.Inc()
	}
	return nil
}

func (c *call) answerEvents(w *work, batch string, check bool) {
	c.accepted, c.refused = w.accepted, len(w.refused)
	status := http.StatusAccepted
	switch {
	case w.accepted == 0 && len(w.refused) > 0:
		status = http.StatusUnprocessableEntity
	case check:
		status = http.StatusOK
	}
	if !check {
		c.g.metrics.sifted(w)
	}
	answer := eventsAnswer{Batch: batch, Accepted: w.accepted, Refused: w.refused, Check: check, Events: w.previews, Time: c.serverTime()}
	if answer.Refused == nil {
		answer.Refused = []refusal{}
	}
	c.answer(status, answer)
}

// checkOnly reads the parameter check: whether the client only wants to know
// what would happen.
func checkOnly(r *http.Request) (bool, *failure) {
	const name = "check"
	query := r.URL.Query()
	if !query.Has(name) {
		return false, nil
	}
	switch query.Get(name) {
	case "1", "true":
		return true, nil
	case "0", "false":
		return false, nil
	}
	return false, fail(http.StatusBadRequest, BadParameter, "expected check=1 or check=0; nothing was stored").withField(name)
}
