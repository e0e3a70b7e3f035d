package relay

import (
	"errors"
	"fmt"
	"net"

	"github.com/ClickHouse/ch-go/proto"
)

// Why a connection was not handed to the engine, as the label reason says it.
const (
	authenticationFailed = "authentication_failed" // ClickHouse's code 516
	unknownDatabase      = "unknown_database"      // ClickHouse's code 81
	notNative            = "not_native"            // something else than a Hello of the native protocol
	brokenHello          = "broken_hello"          // the client went, or took too long, before its Hello was whole
	engineAway           = "engine_away"           // no engine came up while the client waited
	tooMany              = "too_many"              // as many connections as there may be are open
)

// refusal says why a client was not let in. It names no user, for a name that nobody has may be a mistyped password.
type refusal struct {
	reason string
	answer []byte // what the client is told; empty to close without a word
	cause  error  // for the log, where there is more to say
}

func (r *refusal) Error() string {
	if r.cause == nil {
		return r.reason
	}
	return r.reason + ": " + r.cause.Error()
}

func refuseLogin(user string) *refusal {
	return &refusal{reason: authenticationFailed, answer: exception(proto.ErrAuthenticationFailed,
		user+": Authentication failed: password is incorrect, or there is no user with such name.")}
}

func refuseDatabase(name string) *refusal {
	return &refusal{reason: unknownDatabase, answer: exception(proto.ErrUnknownDatabase, "Database "+name+" does not exist")}
}

// refuseHello is the refusal of a client whose Hello could not be read. http is where it should have gone with HTTP.
func refuseHello(err error, native net.Addr, http string) *refusal {
	switch {
	case errors.Is(err, errHTTP):
		return &refusal{reason: notNative, answer: fmt.Appendf(nil, "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\n\r\n"+
			"%s is for ClickHouse's native protocol.\r\nFor HTTP use %s.\r\n", native, http)}
	case errors.Is(err, errNotHello):
		return &refusal{reason: notNative}
	default:
		return &refusal{reason: brokenHello, cause: err}
	}
}

// exception is an Exception packet as ClickHouse writes it (src/IO/WriteHelpers.cpp, writeException).
func exception(code proto.Error, message string) []byte {
	const name = "DB::Exception"
	var b proto.Buffer
	proto.ServerCodeException.Encode(&b)
	e := proto.Exception{Code: code, Name: name, Message: name + ": " + message}
	e.EncodeAware(&b, proto.Version)
	return b.Buf
}
