package event

// Moment64 is a date and time to the millisecond as an event gives it.
type Moment64 struct {
	// WallMilli is the clock's reading in milliseconds since 1970-01-01
	// 00:00, read as if it were UTC.
	WallMilli int64
	// OffsetMinutes is the distance of that clock from UTC, east positive.
	OffsetMinutes int16
	// HasOffset tells a time with an offset from the bare local time of a facility.
	HasOffset bool
}

// UnixMilli returns the moment in milliseconds since 1970-01-01 00:00 UTC.
// It means something only where HasOffset is true.
func (m Moment64) UnixMilli() int64 { return m.WallMilli - int64(m.OffsetMinutes)*60_000 }

// farthest is how far the local time of a zone lies ahead of UTC at most, in milliseconds (tz database, Pacific/Kiritimati: +14:00).
const farthest = 14 * 3_600_000

// Earliest is the earliest moment, Unix milliseconds, that the time can mean: of a bare local time that in the zone farthest ahead of UTC.
func (m Moment64) Earliest() int64 {
	if m.HasOffset {
		return m.UnixMilli()
	}
	return m.WallMilli - farthest
}

// ParseMoment reads an RFC 3339 date and time (RFC 3339 section 5.6), with a
// "T" or a space between date and time, with or without an offset. Fractions
// of a second beyond the millisecond are cut. Years run from 1970 to 2199, what
// every store can hold. ok is false for anything else; a leap second (:60) is refused.
func ParseMoment(text []byte) (m Moment64, ok bool) {
	if len(text) < len("2006-01-02T15:04:05") {
		return m, false
	}
	days, ok := parseDate(text[:10])
	if !ok || (text[10] != 'T' && text[10] != 't' && text[10] != ' ') || text[13] != ':' || text[16] != ':' {
		return m, false
	}
	hour, ok1 := twoDigits(text[11:])
	minute, ok2 := twoDigits(text[14:])
	second, ok3 := twoDigits(text[17:])
	if !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || second > 59 {
		return m, false
	}
	rest := text[19:]
	milli := int64(0)
	if len(rest) > 0 && rest[0] == '.' {
		digits := 0
		for digits+1 < len(rest) && rest[digits+1] >= '0' && rest[digits+1] <= '9' {
			digits++
		}
		if digits == 0 || digits > 9 {
			return m, false
		}
		for i := range 3 {
			milli *= 10
			if i < digits {
				milli += int64(rest[1+i] - '0')
			}
		}
		rest = rest[1+digits:]
	}
	m.WallMilli = ((int64(days)*24+int64(hour))*60+int64(minute))*60_000 + int64(second)*1000 + milli
	m.OffsetMinutes, m.HasOffset, ok = parseOffset(rest)
	return m, ok
}

func parseOffset(text []byte) (minutes int16, has, ok bool) {
	switch {
	case len(text) == 0:
		return 0, false, true
	case len(text) == 1 && (text[0] == 'Z' || text[0] == 'z'):
		return 0, true, true
	case len(text) != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':':
		return 0, false, false
	}
	h, ok1 := twoDigits(text[1:])
	m, ok2 := twoDigits(text[4:])
	if !ok1 || !ok2 || h > 23 || m > 59 {
		return 0, false, false
	}
	minutes = int16(h*60 + m)
	if text[0] == '-' {
		minutes = -minutes
	}
	return minutes, true, true
}

// parseDate reads YYYY-MM-DD and returns the days since 1970-01-01.
func parseDate(text []byte) (days int, ok bool) {
	if len(text) != 10 || text[4] != '-' || text[7] != '-' {
		return 0, false
	}
	century, ok1 := twoDigits(text)
	year, ok2 := twoDigits(text[2:])
	month, ok3 := twoDigits(text[5:])
	day, ok4 := twoDigits(text[8:])
	year += century * 100
	if !ok1 || !ok2 || !ok3 || !ok4 || year < 1970 || year > 2199 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	return daysSinceEpoch(year, month, day), true
}

// daysSinceEpoch counts days of the proleptic Gregorian calendar. The year is
// taken to begin in March, so that the leap day is its last.
func daysSinceEpoch(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	return 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 1 - 719468
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func twoDigits(text []byte) (int, bool) {
	a, b := text[0]-'0', text[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}
