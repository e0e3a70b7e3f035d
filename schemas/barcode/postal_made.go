package barcode

// PostalMark is what a postal-made barcode (barcode id 94) says in place of MID and serial number: which machine put it on, and when
// (USPS-B-3200, appendix F).
type PostalMark struct {
	MachineType   int // 0 to 9
	MachineNumber int // 0 to 9999
	DayOfYear     int // 1 to 366; the year is not said
	HalfHour      int // 0 to 47, from midnight
	Sequence      int // 0 to 99999, within the half hour
}

// PostalMark returns the mark of a postal-made barcode. ok is false for other barcodes, and where day or half hour do not exist.
func (m *IMb) PostalMark() (mark PostalMark, ok bool) {
	if !m.PostalMade() {
		return PostalMark{}, false
	}
	field := m.CustomerField()
	mark = PostalMark{
		MachineType:   int(decimal(field[0:1])),
		MachineNumber: int(decimal(field[1:5])),
		DayOfYear:     int(decimal(field[5:8])),
		HalfHour:      int(decimal(field[8:10])),
		Sequence:      int(decimal(field[10:15])),
	}
	if mark.DayOfYear < 1 || mark.DayOfYear > 366 || mark.HalfHour > 47 {
		return PostalMark{}, false
	}
	return mark, true
}
