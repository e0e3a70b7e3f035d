package relay

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/ClickHouse/ch-go/proto"
)

// maxHello is the most that is read of a client before it was let in, and maxText that of one text in it, in bytes.
const (
	maxHello = 16 << 10
	maxText  = 4 << 10
)

// hello is the first packet of a client, as far as it decides whether the client may come in.
type hello struct {
	database, user, password string
	// raw is all that was read: the packet, and what the client may have sent behind it.
	raw []byte
}

var (
	errHTTP     = errors.New("the client speaks HTTP")
	errNotHello = errors.New("the client does not begin with a Hello packet")
)

// readHello reads a Hello packet. It reads at most maxHello bytes, whatever lengths the packet claims. It fails with
// errHTTP or errNotHello for another protocol, and with the reader's error for a client that ends too early.
func readHello(from io.Reader) (hello, error) {
	var raw bytes.Buffer
	r := proto.NewReader(io.TeeReader(io.LimitReader(from, maxHello), &raw))
	kind, err := r.UVarInt()
	switch {
	case err != nil:
		return hello{}, fmt.Errorf("reading the kind of packet: %w", err)
	case isHTTP(raw.Bytes()):
		return hello{}, errHTTP
	case kind != uint64(proto.ClientCodeHello):
		return hello{}, errNotHello
	}
	fields := helloReader{r: r}
	fields.text("client name")
	for _, number := range []string{"major version", "minor version", "protocol revision"} {
		fields.number(number)
	}
	h := hello{database: fields.text("database"), user: fields.text("user"), password: fields.text("password")}
	h.raw = raw.Bytes()
	return h, fields.err
}

// isHTTP tells a request line by the first letter of its method, as ClickHouse does; no packet has such a number.
func isHTTP(raw []byte) bool {
	return len(raw) > 0 && bytes.IndexByte([]byte("GPHDOCT"), raw[0]) >= 0
}

// helloReader reads one field after another and remembers the first error.
type helloReader struct {
	r   *proto.Reader
	err error
}

func (h *helloReader) number(what string) {
	if h.err != nil {
		return
	}
	if _, err := h.r.UVarInt(); err != nil {
		h.err = fmt.Errorf("reading the %s: %w", what, err)
	}
}

func (h *helloReader) text(what string) string {
	if h.err != nil {
		return ""
	}
	n, err := h.r.StrLen()
	if err == nil && n > maxText {
		err = fmt.Errorf("it claims %d bytes, and at most %d are read: %w", n, maxText, errNotHello)
	}
	var text []byte
	if err == nil {
		text, err = h.r.ReadRaw(n)
	}
	if err != nil {
		h.err = fmt.Errorf("reading the %s: %w", what, err)
		return ""
	}
	return string(text)
}
