package figures

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// The maker of requests shares the cores with what it measures, so it is as plain as can be: HTTP/1.1 over connections that
// stay open, requests that lie ready but for their key, answers that are only looked through.

// prepared is a request that lies ready.
type prepared struct {
	bytes []byte
	key   int // where its key begins
	// accepted is what the answer must hold.
	accepted []byte
}

// keyDigits is the length of a key that is filled in.
const keyDigits = 16

// prepare makes a request of events for the gateway; every time it is sent it gets another Idempotency-Key, so that it is
// another request.
func prepareRequest(host, token, contentType string, body []byte, events int) prepared {
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST /v1/scans HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nIdempotency-Key: ", host, token, contentType, len(body))
	key := b.Len()
	b.WriteString("0000000000000000\r\n\r\n")
	b.Write(body)
	return prepared{b.Bytes(), key, fmt.Appendf(nil, `"accepted":%d,`, events)}
}

// stream sends requests at a steady rate, whatever becomes of them: the time of each is counted from when it was due, not
// from when a connection was free for it.
type stream struct {
	host        string
	connections int
	rate        float64 // requests a second
	duration    time.Duration
	// firstKey is that of its first request; the others count on.
	firstKey uint64
	request  func(n uint64) prepared
	// acknowledged, where set, is told when each was.
	acknowledged func(n uint64, at time.Time)
}

// flow is how a stream went.
type flow struct {
	requests uint64
	took     time.Duration
	times    spread
}

func (f flow) rate() float64 { return float64(f.requests) / f.took.Seconds() }

func (s *stream) run(ctx context.Context) (flow, error) {
	total := uint64(s.rate * s.duration.Seconds())
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Uint64
	times := make([][]time.Duration, s.connections)
	began := time.Now()
	for i := range s.connections {
		group.Go(func() error {
			c, err := dial(ctx, s.host)
			if err != nil {
				return err
			}
			defer c.conn.Close()
			for n := next.Add(1) - 1; n < total; n = next.Add(1) - 1 {
				due := began.Add(time.Duration(float64(n) / s.rate * float64(time.Second)))
				if wait := time.Until(due); wait > 0 {
					time.Sleep(wait)
				}
				if err := c.do(s.request(n), s.firstKey+n); err != nil {
					return fmt.Errorf("request %d: %w", n, err)
				}
				now := time.Now()
				times[i] = append(times[i], now.Sub(due))
				if s.acknowledged != nil {
					s.acknowledged(n, now)
				}
			}
			return nil
		})
	}
	err := group.Wait()
	return flow{requests: total, took: time.Since(began), times: sorted(slices.Concat(times...))}, err
}

// connection is one that stays open.
type connection struct {
	conn net.Conn
	out  []byte
	in   []byte
}

func dial(ctx context.Context, host string) (*connection, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	return &connection{conn: conn, in: make([]byte, 0, 16<<10)}, nil
}

// do sends a request and reads its answer, which must be 202 for all of its events.
func (c *connection) do(r prepared, key uint64) error {
	c.out = append(c.out[:0], r.bytes...)
	for i, at := keyDigits-1, r.key; i >= 0; i, key = i-1, key/10 {
		c.out[at+i] = '0' + byte(key%10)
	}
	if _, err := c.conn.Write(c.out); err != nil {
		return err
	}
	c.in = c.in[:0]
	for {
		n, err := c.conn.Read(c.in[len(c.in):cap(c.in)])
		c.in = c.in[:len(c.in)+n]
		if whole, err := complete(c.in); whole || err != nil {
			if err == nil && (!bytes.HasPrefix(c.in, accepted) || !bytes.Contains(c.in, r.accepted)) {
				err = fmt.Errorf("the gateway answers %s", c.in)
			}
			return err
		}
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		if len(c.in) == cap(c.in) {
			return fmt.Errorf("the answer is longer than %d bytes", cap(c.in))
		}
	}
}

var (
	accepted      = []byte("HTTP/1.1 202 ")
	contentLength = []byte("\r\nContent-Length: ")
	endOfHeader   = []byte("\r\n\r\n")
)

// complete tells whether an answer is whole.
func complete(answer []byte) (bool, error) {
	end := bytes.Index(answer, endOfHeader)
	if end < 0 {
		return false, nil
	}
	_, rest, found := bytes.Cut(answer[:end+2], contentLength)
	digits, _, _ := bytes.Cut(rest, endOfHeader[:2])
	length, err := strconv.Atoi(string(digits))
	if !found || err != nil {
		return false, fmt.Errorf("an answer without a Content-Length: %s", answer)
	}
	return len(answer) >= end+len(endOfHeader)+length, nil
}
