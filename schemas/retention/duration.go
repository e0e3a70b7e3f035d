package retention

import (
	"fmt"
	"strconv"
	"time"
)

// Duration is a length of time that is written with one unit: 30d, 2h, 90s. A
// day is 24 hours.
type Duration time.Duration

var units = []struct {
	letter byte
	length time.Duration
}{{'d', 24 * time.Hour}, {'h', time.Hour}, {'m', time.Minute}, {'s', time.Second}}

// UnmarshalText reads a whole number and a unit.
func (d *Duration) UnmarshalText(text []byte) error {
	if n := len(text); n > 1 {
		number, err := strconv.ParseInt(string(text[:n-1]), 10, 32)
		for _, unit := range units {
			if err == nil && number >= 0 && text[n-1] == unit.letter && time.Duration(number) <= 200*366*24*time.Hour/unit.length {
				*d = Duration(time.Duration(number) * unit.length)
				return nil
			}
		}
	}
	return fmt.Errorf("%q is not a duration: expected a whole number and one of d, h, m, s, such as 30d", text)
}

// String writes the duration with the largest unit that fits it.
func (d Duration) String() string {
	for _, unit := range units {
		if length := Duration(unit.length); d%length == 0 && d != 0 {
			return strconv.FormatInt(int64(d/length), 10) + string(unit.letter)
		}
	}
	return time.Duration(d).String()
}
