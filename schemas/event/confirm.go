package event

import (
	"bytes"
	"slices"
)

// ConfirmType is the content type of CONFIRM scan files.
const ConfirmType = "text/csv"

// confirmColumns are the columns of a CONFIRM scan file and the fields that they fill. The fourth is part of imb beside a tracking code, and
// the field routingCode beside a PLANET code.
var confirmColumns = [...]Field{ScanFacilityZip, ScanEventCode, ScanDatetime, RoutingCode, IMb}

// The columns, by their place in confirmColumns.
const (
	confirmZip = iota
	confirmCode
	confirmTime
	confirmRouting
	confirmBarcode
)

// confirmTimeForm is how a CONFIRM file writes the local time of the facility.
const confirmTimeForm = "MM/DD/YYYY HH:MM:SS"

// splitConfirm finds the lines of a CONFIRM file that are not blank.
func (b *Body) splitConfirm(data []byte) *Error {
	for number := 1; len(data) > 0; number++ {
		line, rest, _ := bytes.Cut(data, []byte{'\n'})
		data = rest
		if len(bytes.Trim(line, " \t\r")) == 0 {
			continue
		}
		if err := b.add(bytes.TrimRight(line, "\r")); err != nil {
			return err
		}
		b.lines = append(b.lines, number)
	}
	return nil
}

// Place returns the line and the column, from 1, of what is said of a field of the i-th event of a CONFIRM file; column is 0 where it is said of
// the whole line. In other forms both are 0.
func (b *Body) Place(i int, field string) (line, column int) {
	if b.form != ConfirmForm {
		return 0, 0
	}
	if field == PLANET.String() {
		field = IMb.String()
	}
	for at, f := range confirmColumns {
		if field == f.String() {
			column = at + 1
		}
	}
	return b.lines[i], column
}

// DecodeConfirm reads one line of a CONFIRM scan file: the facility's ZIP Code, operation code, local time, routing code and tracking code or
// PLANET code, with commas between. The routing code may be blank. Blanks around a value and quotes around it do not count.
func (s *Scan) DecodeConfirm(line []byte) *Error {
	var columns [len(confirmColumns)][]byte
	found := bytes.Count(line, []byte{','}) + 1
	if found != len(columns) {
		return &Error{Code: NotReadable, Message: itoa(found) + " columns, expected 5: ZIP Code, operation code, " + confirmTimeForm + ", routing code, tracking code or PLANET code"}
	}
	for i := range columns {
		column, rest, _ := bytes.Cut(line, []byte{','})
		columns[i], line = unquoted(column), rest
	}
	for _, fixed := range [...]struct{ column, digits int }{{confirmZip, 5}, {confirmCode, 3}} {
		f := confirmColumns[fixed.column]
		if err := checkDigits(f, columns[fixed.column], fixed.digits); err != nil {
			return err
		}
		s.Set(f, columns[fixed.column])
	}
	if err := s.confirmTime(columns[confirmTime]); err != nil {
		return err
	}
	return s.confirmBarcode(columns[confirmRouting], columns[confirmBarcode])
}

// unquoted is a value without the blanks and quotes around it.
func unquoted(text []byte) []byte {
	text = bytes.Trim(text, " \t")
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		text = bytes.Trim(text[1:len(text)-1], " \t")
	}
	return text
}

// checkDigits says what is wrong with a text that is to have one of these numbers of digits.
func checkDigits(f Field, text []byte, lengths ...int) *Error {
	if len(text) == 0 {
		return fieldError(f, Missing, "digits are needed, %v of them", lengths)
	}
	if i := firstNotDigit(text); i >= 0 {
		return fieldError(f, NotDigits, "digits only; something else at place %d", i+1)
	}
	for _, length := range lengths {
		if len(text) == length {
			return nil
		}
	}
	return fieldError(f, WrongLength, "%d characters, expected one of %v", len(text), lengths)
}

// confirmTime sets the local time, in the form that the other kinds of body have.
func (s *Scan) confirmTime(text []byte) *Error {
	if len(text) == 0 {
		return fieldError(ScanDatetime, Missing, "the time of the scan is needed, %s", confirmTimeForm)
	}
	at := len(s.scratch)
	if len(text) == len(confirmTimeForm) && text[2] == '/' && text[5] == '/' && text[10] == ' ' {
		s.scratch = append(s.scratch, text[6:10]...)
		s.scratch = append(append(append(s.scratch, '-'), text[:2]...), '-')
		s.scratch = append(append(append(s.scratch, text[3:5]...), 'T'), text[11:]...)
	}
	moment := s.scratch[at:len(s.scratch):len(s.scratch)]
	if _, ok := ParseMoment(moment); !ok {
		return fieldError(ScanDatetime, NotTime, "a local date and time %s between 1970 and 2199", confirmTimeForm)
	}
	s.Set(ScanDatetime, moment)
	return nil
}

// confirmBarcode sets the barcode: a tracking code of 20 digits makes an Intelligent Mail barcode together with the routing code.
func (s *Scan) confirmBarcode(routing, barcode []byte) *Error {
	planet := PLANET.Spec().Lengths
	if err := checkDigits(IMb, barcode, append(slices.Clone(planet), trackingLength)...); err != nil {
		return err
	}
	if len(routing) > 0 {
		if err := checkDigits(RoutingCode, routing, RoutingCode.Spec().Lengths...); err != nil {
			return err
		}
	}
	if slices.Contains(planet, len(barcode)) {
		s.Set(PLANET, barcode)
		s.Set(RoutingCode, routing)
		return nil
	}
	at := len(s.scratch)
	s.scratch = append(append(s.scratch, barcode...), routing...)
	s.Set(IMb, s.scratch[at:len(s.scratch):len(s.scratch)])
	return nil
}
