package barcode

import (
	"errors"
	"fmt"
	"strings"
)

// Reasons for which an input is not a barcode. Every error of a parser or decoder is an *Error that wraps one of them.
var (
	// Intelligent Mail barcode, as digits. In brackets the return code of the encoders that the postal service publishes.
	ErrTrackingLength = errors.New("wrong length")                           // tracking code, not 20 digits (09)
	ErrTrackingDigit  = errors.New("not a digit")                            // tracking code (10)
	ErrBarcodeID      = errors.New("second digit is not 0 to 4")             // tracking code (11)
	ErrRoutingLength  = errors.New("wrong length")                           // routing code, not 0, 5, 9 or 11 digits (12)
	ErrRoutingDigit   = errors.New("not a digit")                            // routing code (13)
	ErrBarLetter      = errors.New("not a bar")                              // another letter than A D F T
	ErrUnreadable     = errors.New("unreadable bars")                        // wrapped by the three that follow
	ErrBarCount       = fmt.Errorf("%w: wrong number", ErrUnreadable)        // bars lost, or too many; of PLANET and POSTNET too
	ErrBarUnknown     = fmt.Errorf("%w: a bar is not known", ErrUnreadable)  // a "?"
	ErrNoBarcode      = fmt.Errorf("%w: no barcode has them", ErrUnreadable) // neither way up

	// The others.
	ErrLength                = errors.New("wrong number of characters")
	ErrDigit                 = errors.New("not a digit")
	ErrLetter                = errors.New("not a letter")
	ErrAlphanumeric          = errors.New("neither a letter nor a digit")
	ErrPrefix                = errors.New("wrong prefix")
	ErrApplicationIdentifier = errors.New("wrong application identifier")
	ErrCheckDigit            = errors.New("wrong check digit")
	ErrCountry               = errors.New("no such country")
	ErrFrameBar              = errors.New("not a frame bar") // PLANET and POSTNET, as bars
	ErrDigitBars             = errors.New("no digit has these bars")
	ErrNotRecognised         = errors.New("no known form")
)

// Part names the part of a barcode that an Error is about.
type Part string

// The parts.
const (
	PartWhole                 Part = ""
	PartTracking              Part = "tracking code"
	PartBarcodeID             Part = "barcode id"
	PartRouting               Part = "routing code"
	PartBars                  Part = "bars"
	PartApplicationIdentifier Part = "application identifier"
	PartCheckDigit            Part = "check digit"
	PartServiceIndicator      Part = "service indicator"
	PartSerial                Part = "serial number"
	PartMID                   Part = "MID"
	PartCountry               Part = "country"
	PartPrefix                Part = "prefix"
)

// Error says what is wrong with an input: in which part, at which place and what was expected.
// It never holds the input, since a barcode is personal data.
type Error struct {
	Object   Object
	Part     Part   // PartWhole: the barcode as a whole
	Place    int    // in the part, or in the whole where Part is PartWhole; the first is 1; 0: not about one place
	Expected string // for people
	Reason   error  // one of the Err variables
}

// Error returns one sentence, as in "IMb: routing code: place 7: not a digit; expected 0 to 9".
func (e *Error) Error() string {
	var b strings.Builder
	if e.Object != ObjectUnknown {
		b.WriteString(e.Object.String() + ": ")
	}
	if e.Part != PartWhole {
		b.WriteString(string(e.Part) + ": ")
	}
	if e.Place > 0 {
		fmt.Fprintf(&b, "place %d: ", e.Place)
	}
	b.WriteString(e.Reason.Error())
	if e.Expected != "" {
		b.WriteString("; expected " + e.Expected)
	}
	return b.String()
}

// Unwrap returns the reason, for errors.Is.
func (e *Error) Unwrap() error { return e.Reason }
