package records

import "mailtrail/schemas/event"

// What can be wrong with a record, beside the codes of event.
const (
	// UnknownField: the kind does not have the field, so it is not taken in.
	UnknownField event.Code = "unknown_field"
	// NotAllowed: the value is not one of those, or not of the form, that the field takes.
	NotAllowed event.Code = "not_allowed"
	// TooMany: the field has more values than it may.
	TooMany event.Code = "too_many"
	// CardNumber, CardCode and FullSSN: what is kept nowhere, whatever the field.
	CardNumber event.Code = "card_number"
	CardCode   event.Code = "card_security_code"
	FullSSN    event.Code = "social_security_number"
	// NotToken: a number stands where a token is needed.
	NotToken event.Code = "not_a_token"
	// NotHashed: a secret is not a slow hash in PHC form.
	NotHashed event.Code = "not_hashed"
	// UnknownKind: the message names no kind, or one that there is not.
	UnknownKind event.Code = "unknown_kind"
	// NotKept: nothing of the kind is kept, or not here.
	NotKept event.Code = "not_kept"
)

// Forbidden tells whether the code means that a value was found which may be
// kept nowhere: not in a dead letter either.
func Forbidden(code event.Code) bool {
	switch code {
	case CardNumber, CardCode, FullSSN, NotToken, NotHashed:
		return true
	}
	return false
}
