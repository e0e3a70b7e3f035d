package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"mailtrail/schemas/event"
)

// HTTPConfig says how to reach a gateway.
type HTTPConfig struct {
	// URL is the gateway's address, as in https://127.0.0.1:8441.
	URL string
	// Token is that of the device that all mail comes from.
	Token string
	// Client sends the requests; nil: http.DefaultClient.
	Client *http.Client
	// Concurrency is how many requests are under way at once; from 1.
	Concurrency int
	// Patience is how long a request is sent again and again while the gateway
	// cannot be reached or cannot take more; 0: until the context ends.
	Patience time.Duration
	// Progress, where set, is called after each request, one call at a time.
	Progress func(Progress)
}

// maxAnswer is more than a gateway answers to the largest request, in bytes.
const maxAnswer = 16 << 20

// ToHTTP sends the mail to a gateway. A request that got no answer, or 429, 502,
// 503 or 504, is sent again under the same Idempotency-Key, not before Retry-After.
// Any other answer than one that accounts for every event is an error. The truth
// holds where the error is nil.
func ToHTTP(ctx context.Context, options Options, config HTTPConfig) (Truth, Progress, error) {
	options.Door = HTTP
	if config.Client == nil {
		config.Client = http.DefaultClient
	}
	p := &progress{listener: config.Progress}
	g := &gateway{HTTPConfig: config, progress: p, contentType: "application/x-ndjson"}
	g.URL = strings.TrimSuffix(g.URL, "/")
	if options.Wire == Protobuf {
		g.contentType = event.ProtoType
	}
	truth, err := sendAll(ctx, options, config.Concurrency, g.send)
	return truth, p.sum, err
}

// gateway sends requests to one gateway.
type gateway struct {
	HTTPConfig
	progress    *progress
	contentType string
	presses     sync.Pool // of *mailpiece.Press
}

// answer is what the gateway says of a request.
type answer struct {
	Accepted uint64            `json:"accepted"`
	Refused  []json.RawMessage `json:"refused"`
	Error    doorError         `json:"error"`
}

// doorError is why the gateway took nothing in.
type doorError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// busy is an answer after which the request is to be sent again.
type busy struct {
	cause error
	after time.Duration
}

func (b *busy) Error() string { return b.cause.Error() }
func (b *busy) Unwrap() error { return b.cause }

// send sends the scans of a request, then its pictures.
func (g *gateway) send(ctx context.Context, r *Request) error {
	if err := g.patiently(ctx, func() error { return g.postScans(ctx, r) }); err != nil {
		return err
	}
	return g.sendPictures(ctx, r)
}

// patiently tries until the gateway is not busy.
func (g *gateway) patiently(ctx context.Context, try func() error) error {
	waits := backoff.NewExponentialBackOff(backoff.WithInitialInterval(50*time.Millisecond), backoff.WithMaxInterval(5*time.Second), backoff.WithMaxElapsedTime(g.Patience))
	for {
		err := try()
		again := (*busy)(nil)
		if !errors.As(err, &again) || ctx.Err() != nil {
			return err
		}
		wait := waits.NextBackOff()
		if wait == backoff.Stop {
			return fmt.Errorf("given up after %s: %w", g.Patience, err)
		}
		g.progress.add(Progress{Retries: 1})
		if err := sleep(ctx, max(wait, again.after)); err != nil {
			return err
		}
	}
}

// posting is one request to a door.
type posting struct {
	url, contentType, key string
	body                  []byte
}

// post sends a request once and returns what the door says of it, or a *busy.
func (g *gateway) post(ctx context.Context, p *posting) (status int, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(p.body))
	if err != nil {
		return 0, nil, fmt.Errorf("gateway address: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+g.Token)
	request.Header.Set("Content-Type", p.contentType)
	request.Header.Set("Idempotency-Key", p.key)
	response, err := g.Client.Do(request)
	if err != nil {
		return 0, nil, &busy{cause: fmt.Errorf("gateway: %w", err)}
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return 0, nil, &busy{cause: fmt.Errorf("gateway: read answer: %w", err)}
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		a := new(answer)
		_ = json.Unmarshal(body, a) // a proxy may answer without our JSON
		return 0, nil, &busy{fmt.Errorf("gateway: %s (%s)", response.Status, a.Error.Code), retryAfter(response.Header.Get("Retry-After"))}
	}
	return response.StatusCode, body, nil
}

// postScans sends the scans of a request once.
func (g *gateway) postScans(ctx context.Context, r *Request) error {
	status, body, err := g.post(ctx, &posting{g.URL + "/v1/scans", g.contentType, r.Key, r.Body})
	if err != nil {
		return err
	}
	a := new(answer)
	jsonErr := json.Unmarshal(body, a)
	switch {
	case status == http.StatusBadRequest && r.unreadable():
		a.Refused = make([]json.RawMessage, r.Len())
	case status != http.StatusAccepted && status != http.StatusUnprocessableEntity:
		return fmt.Errorf("gateway: %d: %s: %s (expected 202 or 422)", status, a.Error.Code, a.Error.Message)
	case jsonErr != nil:
		return fmt.Errorf("gateway: %d: answer is not the JSON that was expected: %w", status, jsonErr)
	}
	refused := uint64(len(a.Refused))
	if told := a.Accepted + refused; told != uint64(r.Len()) {
		return fmt.Errorf("gateway: the answer accounts for %d of %d events", told, r.Len())
	}
	g.progress.add(Progress{Requests: 1, Events: uint64(r.Len()), Accepted: a.Accepted, Refused: refused})
	return nil
}

// unreadable reports whether the gateway may say that nothing of the request can be read.
func (r *Request) unreadable() bool {
	for _, l := range r.labels {
		if verdicts[l.damage].http.outcome != refused {
			return false
		}
	}
	return true
}

// retryAfter reads the header of that name (RFC 9110 section 10.2.3): seconds, or a date.
func retryAfter(text string) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(date))
	}
	return 0
}
