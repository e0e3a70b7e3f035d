package gateway

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"
)

// failure is why a request is not taken; it becomes the answer.
type failure struct {
	status     int
	code       Code
	message    string
	field      string // the header, parameter or field that is meant
	index      int    // the event that is meant, from 0; noIndex without one
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

func (f *failure) withField(field string) *failure {
	f.field = field
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

// fail answers with the failure.
func (c *call) fail(f *failure) {
	c.cause = f.cause
	body := failureBody{
		Error: failureError{Code: f.code, Message: f.message, Field: f.field, Limit: f.limit},
		Time:  c.serverTime(),
	}
	if f.index != noIndex {
		body.Error.Index = &f.index
	}
	if f.retryAfter > 0 {
		seconds := max(1, int(math.Ceil(f.retryAfter.Seconds())))
		c.w.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
	c.answer(f.status, body)
}

// answer writes a JSON answer.
func (c *call) answer(status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic("an answer cannot be written as JSON: " + err.Error())
	}
	c.write(status, "application/json", append(text, '\n'))
}

func (c *call) write(status int, contentType string, text []byte) {
	header := c.w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(text)))
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	c.status = status
	c.w.WriteHeader(status)
	// A client that has gone needs no answer; what was stored stays stored.
	_, _ = c.w.Write(text)
}

// serverTime is the time that answers carry, RFC 3339 UTC to the millisecond.
func (c *call) serverTime() string {
	return c.g.deps.Clock().UTC().Format("2006-01-02T15:04:05.000Z07:00")
}
