package gateway

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"mailtrail/schemas/event"
)

// formOf tells from the Content-Type how the events stand in the body. Without
// one it is JSON.
func formOf(header http.Header) (event.Form, *failure) {
	const expected = "expected application/json, application/x-ndjson, application/x-protobuf or text/csv (a CONFIRM scan file)"
	text := header.Get("Content-Type")
	if text == "" {
		return event.JSONForm, nil
	}
	media, _, err := mime.ParseMediaType(text)
	if err == nil {
		switch media {
		// The third is what curl says unless it is told otherwise.
		case event.JSONType, "text/json", "application/x-www-form-urlencoded":
			return event.JSONForm, nil
		case "application/x-ndjson", "application/ndjson", "application/jsonl":
			return event.LinesForm, nil
		case event.ProtoType, "application/protobuf", "application/vnd.google.protobuf":
			return event.ProtoForm, nil
		case event.ConfirmType:
			return event.ConfirmForm, nil
		}
	}
	return 0, fail(http.StatusUnsupportedMediaType, UnsupportedType, expected).withField("Content-Type")
}

// readBody reads and decompresses the body into the work's memory. The bytes are
// taken from the budget as they come, not as they are announced: a client that
// sends slowly holds only what it sent.
func (c *call) readBody(into *work) *failure {
	g := c.g
	if c.r.ContentLength > g.config.MaxBody {
		return g.tooLarge()
	}
	wire := &countingReader{r: http.MaxBytesReader(c.w, c.r.Body, g.config.MaxBody), n: &c.received}
	source, release, failed := g.readers.open(c.r.Header.Get("Content-Encoding"), wire)
	if failed != nil {
		return failed
	}
	defer release()
	for {
		if failed := g.makeRoom(into); failed != nil {
			return failed
		}
		n, err := source.Read(into.data[len(into.data):into.taken])
		into.data = into.data[:len(into.data)+n]
		switch {
		case int64(len(into.data)) > g.config.MaxBody:
			return g.tooLarge()
		case err == io.EOF:
			return nil
		case err != nil:
			return g.readFailure(err)
		}
	}
}

const readStep = 64 << 10 // bytes by which a body's memory and share of the budget grow at least

// makeRoom sees to it that the work's memory, and its share of the budget, has
// room behind what was read.
func (g *Gateway) makeRoom(w *work) *failure {
	if int64(len(w.data)) == w.taken {
		if !g.bytes.take(readStep) {
			return later(Busy, time.Second, "the bodies in flight hold as many bytes as the gateway takes at once").withLimit(g.bytes.limit)
		}
		w.taken += readStep
	}
	if int64(cap(w.data)) < w.taken {
		grown := make([]byte, len(w.data), max(w.taken, 2*int64(cap(w.data))))
		copy(grown, w.data)
		w.data = grown
	}
	return nil
}

func (g *Gateway) tooLarge() *failure {
	message := fmt.Sprintf("the body is larger than %d bytes as sent or as decompressed (gateway.max_body): send it in several requests", g.config.MaxBody)
	return fail(http.StatusRequestEntityTooLarge, BodyTooLarge, message).withLimit(g.config.MaxBody)
}

func (g *Gateway) readFailure(err error) *failure {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return g.tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		message := fmt.Sprintf("the request did not come within %s", g.config.Limits.Read)
		return fail(http.StatusRequestTimeout, Timeout, message).withLimit(int64(g.config.Limits.Read / time.Second))
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return fail(http.StatusBadRequest, NotReadable, "the zstd window is larger than 8 MiB: compress without --long or --ultra").withLimit(zstdWindow)
	}
	// The text of a decompressor or of the connection never holds data.
	return fail(http.StatusBadRequest, NotReadable, "the body breaks off or is not compressed as Content-Encoding says").because(err)
}

type countingReader struct {
	r io.Reader
	n *int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	*c.n += int64(n)
	return n, err
}

// idempotencyKey returns the key of a request that may be sent again, empty without one.
func idempotencyKey(header http.Header) (string, *failure) {
	const name, longest = "Idempotency-Key", 255
	values := header.Values(name)
	if len(values) == 0 {
		return "", nil
	}
	key := values[0]
	if len(values) > 1 || key == "" || len(key) > longest || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", fail(http.StatusBadRequest, BadParameter, "expected one key of 1 to 255 printable ASCII characters").withField(name).withLimit(longest)
	}
	return key, nil
}
