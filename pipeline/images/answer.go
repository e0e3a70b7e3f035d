package images

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"mailtrail/pipeline/images/header"
	"mailtrail/schemas/event"
)

// failure is why a request is not served; it becomes the answer.
type failure struct {
	status     int
	code       Code
	message    string
	field      string // the part, field, header or parameter that is meant
	index      int    // the picture that is meant, from 0; noIndex without one
	limit      int64  // the bound that was passed, 0 without one
	retryAfter time.Duration
	cause      error // for the log, not for the client
}

const noIndex = -1

func fail(status int, code Code, message string) *failure {
	return &failure{status: status, code: code, message: message, index: noIndex}
}

// later is a refusal that will pass: the client sends the same again.
func later(code Code, retryAfter time.Duration, message string) *failure {
	f := fail(http.StatusServiceUnavailable, code, message)
	f.retryAfter = retryAfter
	return f
}

func (f *failure) at(field string, index int) *failure {
	f.field, f.index = field, index
	return f
}

func (f *failure) withLimit(limit int64) *failure {
	f.limit = limit
	return f
}

func (f *failure) because(cause error) *failure {
	f.cause = cause
	return f
}

// wrongEvent refuses a picture for what was told of it.
func wrongEvent(err *event.Error, index int) *failure {
	status := http.StatusUnprocessableEntity
	if err.Code == event.NotReadable || err.Code == event.EmptyValue {
		status = http.StatusBadRequest
	}
	field := eventPart
	if err.Field != "" {
		field = err.Field
	}
	return fail(status, Code(err.Code), err.Message).at(field, index)
}

// wrongImage refuses a picture for what it is.
func wrongImage(err *header.Error, index int) *failure {
	f := fail(http.StatusUnprocessableEntity, Code(err.Code), err.Message).at(imagePart, index)
	switch err.Code {
	case header.Unknown:
		f.status = http.StatusUnsupportedMediaType
	case header.TooLarge:
		f.limit = header.MaxPixels
	}
	return f
}

// noKey is the failure where the slot's key could not be used to seal.
func noKey(sealer Sealer, err error) *failure {
	switch sealer.Status(err) {
	case http.StatusGone, http.StatusConflict:
		return fail(http.StatusGone, Gone, "the slot of this capture takes nothing more in").because(err)
	case http.StatusServiceUnavailable, http.StatusNotFound:
		return later(KeyUnavailable, 2*time.Second, "the slot's key cannot be had at the moment, and nothing is stored in clear: send the same again").because(err)
	}
	return fail(http.StatusInternalServerError, Internal, "the picture could not be sealed; nothing was acknowledged").because(err)
}

type failureBody struct {
	Error failureError `json:"error"`
	Time  string       `json:"time"`
}

type failureError struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field,omitempty"`
	Index   *int   `json:"index,omitempty"`
	Limit   int64  `json:"limit,omitempty"`
}

// answerer writes answers in JSON, with the server's time.
type answerer struct {
	w     http.ResponseWriter
	clock func() time.Time
	// status is 0 until it has answered.
	status int
	cause  error
	code   Code
}

func (a *answerer) fail(f *failure) {
	a.cause, a.code = f.cause, f.code
	body := failureBody{Error: failureError{Code: f.code, Message: f.message, Field: f.field, Limit: f.limit}, Time: a.serverTime()}
	if f.index != noIndex {
		body.Error.Index = &f.index
	}
	if f.retryAfter > 0 {
		a.w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(f.retryAfter.Seconds())))))
	}
	a.answer(f.status, body)
}

func (a *answerer) answer(status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic("an answer cannot be written as JSON: " + err.Error())
	}
	header := a.w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(text)+1))
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	a.status = status
	a.w.WriteHeader(status)
	_, _ = a.w.Write(append(text, '\n')) // a client that has gone needs no answer
}

// serverTime is the time that answers carry, RFC 3339 UTC to the millisecond.
func (a *answerer) serverTime() string {
	return a.clock().UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// asFailure is the failure that an error is or wraps.
func asFailure(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return fail(http.StatusInternalServerError, Internal, "the door failed; nothing was acknowledged").because(err)
}

// Error implements error, so that a failure travels with a pack to all who wait for it.
func (f *failure) Error() string {
	text := string(f.code) + ": " + f.message
	if f.cause != nil {
		text += ": " + f.cause.Error()
	}
	return text
}

// Unwrap is the cause.
func (f *failure) Unwrap() error { return f.cause }
