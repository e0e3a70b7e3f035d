package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// cellValue gives a value of clickhouse-go the form in which the format prints it. typeName is the server's name of its type.
func cellValue(typeName string, value any, format rowFormat) any {
	plain := plainValue(typeName, reflect.ValueOf(value))
	switch plain.(type) {
	case []any, jsonObject:
		if format != "json" {
			return jsonText(plain)
		}
	case float32, float64:
		if format == "json" {
			return finite(plain)
		}
	}
	return plain
}

// plainValue turns a value into nil, bool, int64, uint64, float32, float64, json.Number, string, []any or jsonObject.
// Times become text: dates as they are, the others RFC 3339 UTC with the digits of their type.
func plainValue(typeName string, v reflect.Value) any {
	if !v.IsValid() || (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil() {
		return nil
	}
	if integer, ok := v.Interface().(*big.Int); ok {
		return json.Number(integer.String())
	}
	if v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		return plainValue(typeName, v.Elem())
	}
	t := parseType(typeName)
	switch known := v.Interface().(type) {
	case time.Time:
		return t.time(known)
	case time.Duration:
		return clockText(known)
	case ch.Variant:
		return plainValue(known.Type(), reflect.ValueOf(known.Any()))
	case ch.JSON:
		return plainValue("", reflect.ValueOf(known.NestedMap()))
	case fmt.Stringer: // decimals, UUIDs, addresses
		if strings.HasPrefix(t.base, "Decimal") {
			return json.Number(known.String())
		}
		return known.String()
	}
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Uint()
	case reflect.Float32, reflect.Float64:
		return v.Interface()
	case reflect.String:
		return v.String()
	case reflect.Slice, reflect.Array:
		return t.list(v)
	case reflect.Map:
		return t.mapping(v)
	}
	return fmt.Sprint(v.Interface())
}

// list renders the elements of arrays, of tuples without names, and of points and polygons, which are arrays of numbers.
func (t clickhouseType) list(v reflect.Value) []any {
	elements := make([]any, v.Len())
	for i := range elements {
		element := ""
		switch {
		case t.base == "Array":
			element = t.part(0)
		case t.base == "Tuple":
			element = t.part(i)
		}
		elements[i] = finite(plainValue(element, v.Index(i)))
	}
	return elements
}

// mapping renders maps, sorted by key, and tuples with names, in the order of the names.
func (t clickhouseType) mapping(v reflect.Value) jsonObject {
	var fields jsonObject
	if t.base == "Tuple" || t.base == "Nested" {
		for _, part := range t.parts {
			name, element := nameAndType(part)
			fields = append(fields, jsonMember{name, finite(plainValue(element, v.MapIndex(reflect.ValueOf(name))))})
		}
		return fields
	}
	for entry := v.MapRange(); entry.Next(); {
		key := fmt.Sprint(plainValue(t.part(0), entry.Key()))
		fields = append(fields, jsonMember{key, finite(plainValue(t.part(1), entry.Value()))})
	}
	slices.SortFunc(fields, func(a, b jsonMember) int { return strings.Compare(a.name, b.name) })
	return fields
}

// time is RFC 3339 UTC with as many digits of a second as the type has; of a date the day alone.
func (t clickhouseType) time(at time.Time) string {
	switch t.base {
	case "Date", "Date32":
		return at.Format(time.DateOnly)
	case "DateTime":
		return at.UTC().Format("2006-01-02T15:04:05Z")
	case "DateTime64":
		digits, _ := strconv.Atoi(t.part(0)) // the server writes a number
		if digits == 0 {
			return at.UTC().Format("2006-01-02T15:04:05Z")
		}
		return at.UTC().Format("2006-01-02T15:04:05." + strings.Repeat("0", digits) + "Z")
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// clockText is a time of day, or a span of time, as hours, minutes and seconds.
func clockText(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	text := fmt.Sprintf("%s%02d:%02d:%02d", sign, int64(d.Hours()), int64(d.Minutes())%60, int64(d.Seconds())%60)
	if rest := d % time.Second; rest != 0 {
		text += strings.TrimRight(fmt.Sprintf(".%09d", rest), "0")
	}
	return text
}

// finite replaces what JSON has no number for by null.
func finite(value any) any {
	number := 0.0
	switch value := value.(type) {
	case float32:
		number = float64(value)
	case float64:
		number = value
	}
	if math.IsNaN(number) || math.IsInf(number, 0) {
		return nil
	}
	return value
}

// jsonObject is a JSON object whose members keep their order.
type jsonObject []jsonMember

type jsonMember struct {
	name  string
	value any
}

// MarshalJSON writes the members in their order.
func (o jsonObject) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(jsonText(m.name) + ":" + jsonText(m.value))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// jsonText is the JSON of a plain value.
func jsonText(value any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // plain values always have a JSON form
	}
	return strings.TrimSuffix(b.String(), "\n")
}
