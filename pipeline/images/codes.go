package images

// Code says in one word why a request was not taken. With those of
// schemas/event for the part event, and those of package header for a picture,
// the list is closed and described in README.md.
type Code string

// The codes of errors, with their HTTP status.
const (
	NotReadable      Code = "not_readable"       // 400: the body is not multipart/form-data, or breaks off
	EmptyBody        Code = "empty_body"         // 400: it has no picture
	UnknownPart      Code = "unknown_part"       // 400: a part that is neither event nor image
	MissingEvent     Code = "missing_event"      // 400: a picture without an event before it
	MissingImage     Code = "missing_image"      // 400: an event without a picture behind it
	BadParameter     Code = "bad_parameter"      // 400: a query parameter
	Unauthorized     Code = "unauthorized"       // 401
	NotFound         Code = "not_found"          // 404
	MethodNotAllowed Code = "method_not_allowed" // 405
	Timeout          Code = "timeout"            // 408: the body came too slowly
	Gone             Code = "gone"               // 410: the picture is past its limit
	BodyTooLarge     Code = "body_too_large"     // 413
	TooManyImages    Code = "too_many_images"    // 413
	UnsupportedType  Code = "unsupported_type"   // 415: Content-Type of the request
	WrongType        Code = "wrong_type"         // 422: a picture is not what its Content-Type says
	TooOld           Code = "too_old"            // 422: captured longer ago than the schedule lets a picture be late
	TooFarAhead      Code = "too_far_ahead"      // 422: captured further in the future than clocks may differ
	Internal         Code = "internal"           // 500
	Damaged          Code = "damaged"            // 500: the stored bytes are altered, moved or gone
	Busy             Code = "busy"               // 503: a bound of the door is reached
	PipelineFull     Code = "pipeline_full"      // 503: what stands behind the door cannot take more
	StoreUnavailable Code = "store_unavailable"  // 503: the object store or the index does not answer
	KeyUnavailable   Code = "key_unavailable"    // 503: the slot's key cannot be had
	NotAcknowledged  Code = "not_acknowledged"   // 503: Kafka did not acknowledge the index
)

// Codes are all of these codes, for documents and tests.
func Codes() []Code {
	return []Code{NotReadable, EmptyBody, UnknownPart, MissingEvent, MissingImage, BadParameter, Unauthorized, NotFound, MethodNotAllowed, Timeout, Gone,
		BodyTooLarge, TooManyImages, UnsupportedType, WrongType, TooOld, TooFarAhead, Internal, Damaged, Busy, PipelineFull, StoreUnavailable, KeyUnavailable, NotAcknowledged}
}
