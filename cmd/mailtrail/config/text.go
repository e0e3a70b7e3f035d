package config

import (
	"encoding"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// setText sets a key from the text form used by defaults, the environment and flags.
// On an error the key keeps the value it had.
func (k key) setText(text string) error {
	fresh := k.copy()
	switch {
	case fresh.Type() == reflect.TypeFor[[]Waiver]():
		return k.setYAMLText(text)
	case fresh.Kind() == reflect.Slice:
		var items []string
		if text != "" {
			items = strings.Split(text, ",")
		}
		fresh.SetZero()
		for _, item := range items {
			if err := appendScalar(fresh, strings.TrimSpace(item)); err != nil {
				return err
			}
		}
	default:
		if err := setScalar(fresh, text); err != nil {
			return err
		}
	}
	return k.accept(fresh)
}

// copy is a settable copy of the key's present value.
func (k key) copy() reflect.Value {
	fresh := reflect.New(k.value.Type()).Elem()
	fresh.Set(k.value)
	return fresh
}

// accept stores a value once it keeps to the key's tags.
func (k key) accept(value reflect.Value) error {
	if err := k.constrain(value); err != nil {
		return err
	}
	k.value.Set(value)
	return nil
}

func appendScalar(list reflect.Value, text string) error {
	item := reflect.New(list.Type().Elem()).Elem()
	if text == "" {
		return &expectation{problem: MissingValue, expected: "no empty item in a list"}
	}
	if err := setScalar(item, text); err != nil {
		return err
	}
	list.Set(reflect.Append(list, item))
	return nil
}

// setScalar sets one value that is not a list.
func setScalar(value reflect.Value, text string) error {
	if text == "" {
		return clear(value)
	}
	if custom, ok := value.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return custom.UnmarshalText([]byte(text))
	}
	if value.Type() == reflect.TypeFor[time.Duration]() {
		return setDuration(value, text)
	}
	switch value.Kind() {
	case reflect.Bool:
		return setBool(value, text)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return &expectation{problem: WrongType, expected: "a whole number"}
		}
		value.SetInt(int64(n))
	default:
		value.SetString(text)
	}
	return nil
}

// clear sets a value that may be empty to empty; a number, a switch, a size or a duration may not.
func clear(value reflect.Value) error {
	if secret, ok := value.Addr().Interface().(*SecretFile); ok {
		secret.Path = ""
		return nil
	}
	if value.Kind() != reflect.String {
		return &expectation{problem: MissingValue, expected: typeName(value.Type())}
	}
	value.SetString("")
	return nil
}

func setDuration(value reflect.Value, text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		wrong := &expectation{problem: WrongValue, expected: typeName(value.Type())}
		if n, err := strconv.ParseUint(text, 10, 31); err == nil {
			wrong.try = strconv.FormatUint(n, 10) + "s"
		}
		return wrong
	}
	value.SetInt(int64(d))
	return nil
}

func setBool(value reflect.Value, text string) error {
	switch text {
	case "true", "false":
		value.SetBool(text == "true")
		return nil
	}
	wrong := &expectation{problem: WrongType, expected: typeName(value.Type())}
	switch strings.ToLower(text) {
	case "yes", "on", "1", "y", "true":
		wrong.try = "true"
	case "no", "off", "0", "n", "false":
		wrong.try = "false"
	}
	return wrong
}

// typeName says in words what a key's value is.
func typeName(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a duration with a unit, such as 250ms, 10s or 24h"
	case t == reflect.TypeFor[ByteSize]():
		return "a size such as 64KiB, 16MiB or 1GiB"
	case t == reflect.TypeFor[SecretFile]():
		return "the name of a file"
	case t == reflect.TypeFor[[]Waiver]():
		return "a list of mappings with object and reason"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Slice:
		return "a list"
	default:
		return "text"
	}
}

// constrain checks a value against the tags required, oneof, pattern, min and max.
func (k key) constrain(value reflect.Value) error {
	if isEmpty(value) {
		if k.tag.Get("required") == "true" {
			return &expectation{problem: MissingValue, expected: "a value that is not empty"}
		}
		return nil
	}
	if allowed := strings.Fields(k.tag.Get("oneof")); len(allowed) > 0 && !slices.Contains(allowed, value.String()) {
		return &expectation{problem: WrongValue, expected: "one of " + strings.Join(allowed, ", "), try: closest(value.String(), allowed)}
	}
	if pattern := k.tag.Get("pattern"); pattern != "" && !regexp.MustCompile("^(?:"+pattern+")$").MatchString(value.String()) {
		return &expectation{problem: WrongValue, expected: k.tag.Get("expect")}
	}
	low, hasLow := k.bound("min")
	high, hasHigh := k.bound("max")
	if hasLow && value.Int() < low.Int() || hasHigh && value.Int() > high.Int() {
		return &expectation{problem: OutOfRange, expected: "at least " + k.tag.Get("min") + " and at most " + k.tag.Get("max")}
	}
	return nil
}

func (k key) bound(tag string) (reflect.Value, bool) {
	text, ok := k.tag.Lookup(tag)
	bound := reflect.New(k.value.Type()).Elem()
	return bound, ok && setScalar(bound, text) == nil
}

// isEmpty tells a value that was left empty; numbers and switches never are.
func isEmpty(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.String, reflect.Slice:
		return value.Len() == 0
	case reflect.Struct:
		return plainText(value) == ""
	default:
		return false
	}
}

// closest is the allowed word nearest to the one written, or the first.
func closest(word string, allowed []string) string {
	return slices.MinFunc(allowed, func(a, b string) int {
		return distance(strings.ToLower(word), strings.ToLower(a)) - distance(strings.ToLower(word), strings.ToLower(b))
	})
}
