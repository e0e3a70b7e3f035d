// Package confirm sends CONFIRM scan files to a gateway: the files that mailers and their service bureaus have kept from the time before the
// Intelligent Mail feeds, and those that old equipment still writes. The gateway reads their form (event.ConfirmForm) and says which lines it refuses.
package confirm

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Config says how to reach a gateway.
type Config struct {
	// URL is the gateway's address, as in https://127.0.0.1:8441.
	URL string
	// Token is that of the device in whose name the file is sent.
	Token string
	// Client sends the requests; nil: http.DefaultClient.
	Client *http.Client
	// Lines is how many lines go into one request; 0: 5,000, some 400 KB.
	Lines int
	// Patience is how long a request is sent again and again while the gateway cannot be reached or cannot take more; 0: until the context ends.
	Patience time.Duration
	// Check asks only what would happen; nothing is stored.
	Check bool
	// Refused is called for each line that the gateway refuses, in the order of the file; its error ends the work.
	Refused func(Refusal) error
	// Progress, where set, is called with the bytes of each request that was answered.
	Progress func(bytes int)
}

// Refusal is one line that was not taken.
type Refusal struct {
	Line   int `json:"line"`   // of the file, from 1
	Column int `json:"column"` // from 1; 0: the line as a whole
	// Field is the field of a scan event that the column fills, Code one of the gateway's, Message for people. None of them holds what stood there.
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Sum is what became of a file.
type Sum struct {
	Accepted, Refused, Requests, Retries int
}

// defaultLines is how many lines go into a request: the gateway takes 500,000 events and 16 MiB, and what is smaller is sent again sooner.
const defaultLines = 5000

// maxLine is longer than any line of the form, in bytes.
const maxLine = 4096

// Send reads a file and sends it, request by request. A request that got no answer, or 429, 502, 503 or 504, is sent again, not before
// Retry-After. The same requests within 24 hours are stored once, so a file that broke off may be sent again as it is; one that was changed is
// another. The error names the line from which on nothing was acknowledged.
func Send(ctx context.Context, file io.Reader, config Config) (Sum, error) {
	s := &sender{Config: config}
	if s.Client == nil {
		s.Client = http.DefaultClient
	}
	if s.Lines == 0 {
		s.Lines = defaultLines
	}
	s.URL = strings.TrimSuffix(s.URL, "/") + "/v1/scans"
	if s.Check {
		s.URL += "?check=1"
	}
	lines := bufio.NewReaderSize(file, maxLine)
	for first := 1; ; {
		body, count, err := chunk(lines, s.Lines)
		if err != nil {
			return s.sum, fmt.Errorf("line %d: %w", first+count, err)
		}
		if count == 0 {
			return s.sum, nil
		}
		if len(bytes.TrimSpace(body)) > 0 {
			if err := s.send(ctx, body, first); err != nil {
				return s.sum, fmt.Errorf("from line %d on nothing was acknowledged: %w", first, err)
			}
		}
		if s.Progress != nil {
			s.Progress(len(body))
		}
		first += count
	}
}

// chunk reads so many lines, blank ones too, or those that are left. count is how many it read.
func chunk(lines *bufio.Reader, most int) (body []byte, count int, err error) {
	for count < most {
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, count, fmt.Errorf("longer than %d bytes: expected a CONFIRM scan file, five columns a line", maxLine)
		case err != nil && !errors.Is(err, io.EOF):
			return nil, count, fmt.Errorf("read: %w", err)
		}
		if len(line) > 0 {
			body = append(body, line...)
			count++
		}
		if err != nil {
			break
		}
	}
	return body, count, nil
}
