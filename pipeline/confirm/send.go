package confirm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v4"

	"mailtrail/schemas/event"
)

// maxAnswer is more than a gateway answers to the largest request, in bytes.
const maxAnswer = 16 << 20

type sender struct {
	Config
	sum Sum
}

// answer is what the gateway says of a request.
type answer struct {
	Accepted int       `json:"accepted"`
	Refused  []Refusal `json:"refused"`
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

// send sends lines of which the first has this number, until they are answered.
func (s *sender) send(ctx context.Context, body []byte, first int) error {
	waits := backoff.NewExponentialBackOff(backoff.WithInitialInterval(100*time.Millisecond), backoff.WithMaxInterval(5*time.Second), backoff.WithMaxElapsedTime(s.Patience))
	for {
		a, err := s.post(ctx, body)
		if err == nil {
			return s.take(a, first)
		}
		again := (*busy)(nil)
		if !errors.As(err, &again) || ctx.Err() != nil {
			return err
		}
		wait := waits.NextBackOff()
		if wait == backoff.Stop {
			return fmt.Errorf("given up after %s: %w", s.Patience, err)
		}
		s.sum.Retries++
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(wait, again.after)):
		}
	}
}

// take counts an answer and tells what was refused by the lines of the file.
func (s *sender) take(a *answer, first int) error {
	s.sum.Requests++
	s.sum.Accepted += a.Accepted
	s.sum.Refused += len(a.Refused)
	for _, r := range a.Refused {
		r.Line += first - 1
		if s.Refused == nil {
			continue
		}
		if err := s.Refused(r); err != nil {
			return err
		}
	}
	return nil
}

// post sends the request once.
func (s *sender) post(ctx context.Context, body []byte) (*answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("gateway address: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+s.Token)
	request.Header.Set("Content-Type", event.ConfirmType)
	response, err := s.Client.Do(request)
	if err != nil {
		return nil, &busy{cause: fmt.Errorf("gateway: %w", err)}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, &busy{cause: fmt.Errorf("gateway: read answer: %w", err)}
	}
	a := new(answer)
	jsonErr := json.Unmarshal(text, a)
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, _ := strconv.ParseUint(response.Header.Get("Retry-After"), 10, 31)
		return nil, &busy{fmt.Errorf("gateway: %s (%s)", response.Status, a.Error.Code), time.Duration(seconds) * time.Second}
	case http.StatusOK, http.StatusAccepted, http.StatusUnprocessableEntity:
	default:
		return nil, fmt.Errorf("gateway: %s: %s: %s", response.Status, a.Error.Code, a.Error.Message)
	}
	if jsonErr != nil {
		return nil, fmt.Errorf("gateway: %s: answer is not the JSON that was expected: %w", response.Status, jsonErr)
	}
	return a, nil
}
