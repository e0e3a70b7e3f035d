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
	g.URL = strings.TrimSuffix(g.URL, "/") + "/v1/scans"
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
}

// answer is what the gateway says of a request.
type answer struct {
	Accepted uint64            `json:"accepted"`
	Refused  []json.RawMessage `json:"refused"`
	Error    struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// busy is an answer after which the request is to be sent again.
type busy struct {
	cause error
	after time.Duration
}

func (b *busy) Error() string { return b.cause.Error() }
func (b *busy) Unwrap() error { return b.cause }

func (g *gateway) send(ctx context.Context, r *Request) error {
	waits := backoff.NewExponentialBackOff(backoff.WithInitialInterval(50*time.Millisecond), backoff.WithMaxInterval(5*time.Second), backoff.WithMaxElapsedTime(g.Patience))
	for {
		a, err := g.post(ctx, r)
		if err == nil {
			refused := uint64(len(a.Refused))
			g.progress.add(Progress{Requests: 1, Events: uint64(r.Len()), Accepted: a.Accepted, Refused: refused})
			return nil
		}
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

// post sends the request once.
func (g *gateway) post(ctx context.Context, r *Request) (*answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, fmt.Errorf("gateway address: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+g.Token)
	request.Header.Set("Content-Type", g.contentType)
	request.Header.Set("Idempotency-Key", r.Key)
	response, err := g.Client.Do(request)
	if err != nil {
		return nil, &busy{cause: fmt.Errorf("gateway: %w", err)}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, &busy{cause: fmt.Errorf("gateway: read answer: %w", err)}
	}
	a := new(answer)
	jsonErr := json.Unmarshal(body, a)
	switch status := response.StatusCode; {
	case status == http.StatusTooManyRequests || status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout:
		return nil, &busy{fmt.Errorf("gateway: %s (%s)", response.Status, a.Error.Code), retryAfter(response.Header.Get("Retry-After"))}
	case status == http.StatusBadRequest && r.unreadable():
		a.Refused = make([]json.RawMessage, r.Len())
	case status != http.StatusAccepted && status != http.StatusUnprocessableEntity:
		return nil, fmt.Errorf("gateway: %s: %s: %s (expected 202 or 422)", response.Status, a.Error.Code, a.Error.Message)
	case jsonErr != nil:
		return nil, fmt.Errorf("gateway: %s: answer is not the JSON that was expected: %w", response.Status, jsonErr)
	}
	if told := a.Accepted + uint64(len(a.Refused)); told != uint64(r.Len()) {
		return nil, fmt.Errorf("gateway: the answer accounts for %d of %d events", told, r.Len())
	}
	return a, nil
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
