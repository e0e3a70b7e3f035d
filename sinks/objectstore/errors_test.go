package objectstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"syscall"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"
)

func TestTransient(t *testing.T) {
	answer := func(status int, code string) error { return minio.ErrorResponse{StatusCode: status, Code: code} }
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"nothing":            {nil, false},
		"disk full":          {answer(507, "XMinioStorageFull"), true},
		"being started":      {answer(503, "XMinioServerNotInitialized"), true},
		"slow down":          {answer(503, "SlowDownWrite"), true},
		"internal":           {answer(500, "InternalError"), true},
		"body too slow":      {answer(400, "RequestTimeout"), true},
		"body broke off":     {answer(400, "IncompleteBody"), true},
		"another put":        {answer(409, "ConditionalRequestConflict"), true},
		"too many":           {answer(429, "TooManyRequests"), true},
		"a proxy's word":     {answer(502, ""), true},
		"wrong password":     {answer(403, "SignatureDoesNotMatch"), false},
		"no right":           {answer(403, "AccessDenied"), false},
		"no bucket":          {answer(404, "NoSuchBucket"), false},
		"no object":          {answer(404, "NoSuchKey"), false},
		"bad request":        {answer(400, "InvalidArgument"), false},
		"connection refused": {&url.Error{Op: "Put", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}, true},
		"connection reset":   {&url.Error{Op: "Put", Err: syscall.ECONNRESET}, true},
		"cut short":          {&url.Error{Op: "Put", Err: io.EOF}, true},
		"over time":          {context.DeadlineExceeded, true},
		"cancelled":          {context.Canceled, false},
		"something left":     {fmt.Errorf("%w: k", ErrLeft), true},
		"other bytes":        {ErrConflict, false},
		"something else":     {errors.New("x"), false},
	} {
		require.Equal(t, c.want, Transient(c.err), name)
		if c.err != nil {
			require.Equal(t, c.want, Transient(fmt.Errorf("wrapped: %w", withRemedy(c.err))), name)
		}
	}
}

func TestRefusalsNameTheRemedy(t *testing.T) {
	for code, want := range map[string]string{
		"NoSuchBucket": "run mailtrail migrate", "InvalidAccessKeyId": "objects.access_key", "SignatureDoesNotMatch": "objects.secret_key_file",
		"AccessDenied": "may not do this", "XMinioStorageFull": "make room", "RequestTimeTooSkewed": "clocks",
	} {
		require.ErrorContains(t, withRemedy(minio.ErrorResponse{StatusCode: 400, Code: code}), want)
	}
}
