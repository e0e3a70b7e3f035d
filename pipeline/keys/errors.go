package keys

import "errors"

// The answers of whoever has no key to give. Errors of this package wrap one of them.
var (
	// ErrDestroyed: the slot is over, for ever (410).
	ErrDestroyed = errors.New("the slot's key is destroyed")
	// ErrSealed: nothing more may be encrypted for the slot; what it has can be opened (409).
	ErrSealed = errors.New("the slot is sealed")
	// ErrNotBegun: the slot lies in the future (409).
	ErrNotBegun = errors.New("the slot has not begun")
	// ErrUnknown: no key was ever made for the slot, so there is nothing to open (404).
	ErrUnknown = errors.New("the slot never had a key")
	// ErrNoSlot: no class has such a slot (400).
	ErrNoSlot = errors.New("there is no such slot")
	// ErrLost: the ledger knows of a key that the store does not have (503).
	ErrLost = errors.New("the slot's key is lost")
	// ErrUnavailable: the authority cannot be asked, or has not started (503). Without a
	// key there is no service.
	ErrUnavailable = errors.New("the key authority cannot answer")
	// ErrNotYours: a sealed payload is damaged, or of another class, slot, object or version.
	ErrNotYours = errors.New("the sealed payload is damaged or belongs elsewhere")
)

// answer is how an error travels: its word, and the status of HTTP.
type answer struct {
	err    error
	code   string
	status int
}

// answers are all errors that an authority answers with. What is none of them is unavailable.
func answers() []answer {
	return []answer{
		{ErrDestroyed, "destroyed", 410}, {ErrSealed, "sealed", 409}, {ErrNotBegun, "not_begun", 409}, {ErrUnknown, "unknown", 404},
		{ErrNoSlot, "no_slot", 400}, {ErrLost, "lost", 503}, {ErrUnavailable, "unavailable", 503},
	}
}

// answerTo finds the answer for an error.
func answerTo(err error) answer {
	for _, a := range answers() {
		if errors.Is(err, a.err) {
			return a
		}
	}
	return answer{ErrUnavailable, "unavailable", 503}
}

// Status is the status of HTTP that a door answers with where err kept it from sealing or opening; 500 where err is not
// of this package.
func Status(err error) int {
	for _, a := range answers() {
		if errors.Is(err, a.err) {
			return a.status
		}
	}
	return 500
}
