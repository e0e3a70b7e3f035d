package objectstore

import (
	"fmt"
	"strings"
	"time"
)

// slotForm is how a slot stands in a key: RFC 3339 in the basic form of ISO 8601, which needs no escaping in a URL.
const slotForm = "20060102T150405Z"

// Prefix is below which all objects of a class and slot lie, with a slash at its end. slot is the start of the slot, Unix seconds.
func Prefix(class string, slot int64) string {
	return class + "/" + time.Unix(slot, 0).UTC().Format(slotForm) + "/"
}

// Key is the key of an object: the prefix of its class and slot, and a name
// that is unique below it.
func Key(class string, slot int64, name string) string { return Prefix(class, slot) + name }

// ParseKey tells a key apart. The error says what is wrong with it.
func ParseKey(key string) (class string, slot int64, name string, err error) {
	class, rest, _ := strings.Cut(key, "/")
	written, name, _ := strings.Cut(rest, "/")
	at, err := time.Parse(slotForm, written)
	if err != nil || class == "" || name == "" || Key(class, at.Unix(), name) != key {
		return "", 0, "", fmt.Errorf("%q is no key of mailtrail: expected CLASS/SLOT/NAME with a slot like 20261125T140000Z", key)
	}
	return class, at.Unix(), name, nil
}
