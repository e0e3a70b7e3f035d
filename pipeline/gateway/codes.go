package gateway

// Code says in one word why a request was not taken. The list is closed and
// described in README.md. Why one event was refused is said by event.Code and
// the two codes of sift.go.
type Code string

// The codes of errors, with their HTTP status.
const (
	NotReadable         Code = "not_readable"         // 400: nothing of the body could be read
	EmptyBody           Code = "empty_body"           // 400
	BadParameter        Code = "bad_parameter"        // 400: a query parameter or header
	Unauthorized        Code = "unauthorized"         // 401
	NotFound            Code = "not_found"            // 404
	NotAvailable        Code = "not_available"        // 404: named by the interface, not built yet
	NotKept             Code = "not_kept"             // 404: the kind is known, and nothing of it is kept here
	MethodNotAllowed    Code = "method_not_allowed"   // 405
	Timeout             Code = "timeout"              // 408: the body came too slowly
	BodyTooLarge        Code = "body_too_large"       // 413
	TooManyEvents       Code = "too_many_events"      // 413
	UnsupportedType     Code = "unsupported_type"     // 415: Content-Type
	UnsupportedEncoding Code = "unsupported_encoding" // 415: Content-Encoding
	Internal            Code = "internal"             // 500
	Busy                Code = "busy"                 // 503: a bound of the gateway is reached
	PipelineFull        Code = "pipeline_full"        // 503: what stands behind it cannot take more
	NotAcknowledged     Code = "not_acknowledged"     // 503: Kafka did not acknowledge
	StoreUnavailable    Code = "store_unavailable"    // 503: a look-up failed
)

// Codes are all codes of errors, for documents and tests.
func Codes() []Code {
	return []Code{NotReadable, EmptyBody, BadParameter, Unauthorized, NotFound, NotAvailable, NotKept, MethodNotAllowed, Timeout, BodyTooLarge,
		TooManyEvents, UnsupportedType, UnsupportedEncoding, Internal, Busy, PipelineFull, NotAcknowledged, StoreUnavailable}
}
