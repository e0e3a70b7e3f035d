package sql

import (
	"fmt"

	"mailtrail/schemas/event"
)

// The expressions in this file give back what event.ScanColumns packs; see
// package event for the forms.

// joined is the text of the name in the column in which it is joined with
// others. Where that column has a dictionary, the functions run once for each of
// its entries.
func joined(name string) (string, error) {
	group, place, ok := event.GroupPlace(name)
	switch {
	case !ok:
		return "", fmt.Errorf("%s is joined in no column", name)
	case place == 1:
		return fmt.Sprintf("substringIndex(%s, char(%d), 1)", group, event.GroupSeparator), nil
	}
	// Texts that are empty at the end are not there: separators behind the joined text stand for them.
	return fmt.Sprintf("substringIndex(substringIndex(concat(%[1]s, repeat(char(%[2]d), %[3]d)), char(%[2]d), %[4]d), char(%[2]d), -1)",
		group, event.GroupSeparator, place-1, place), nil
}

// midAndSerial are the 15 digits in a piece's number.
const midAndSerial = "leftPad(toString(bitAnd(piece, 0x3FFFFFFFFFFFF)), 15, '0')"

// pieceKey is the text that a piece's number stands for.
func pieceKey() (string, error) {
	own, err := joined("key")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("multiIf(bitTest(piece, 63) = 0, %s, %s != '', %[2]s, concat(object, '-', code))", packedKey(), own), nil
}

// packedKey is the text that a piece's number stands for where its highest bit is not set.
func packedKey() string {
	const kind = "if(piece < bitShiftLeft(1000::UInt64, 50), leftPad(toString(bitShiftRight(piece, 50)), 3, '0'), char(bitShiftRight(piece, 50) - 1000 + 65))"
	// A MID has 9 digits where it begins with 9, else 6.
	const mid = "if(bitAnd(piece, 0x3FFFFFFFFFFFF) >= 900000000000000, 9, 6)"
	return fmt.Sprintf("concat(%[1]s, '-', substring(%[2]s, 1, %[3]s), '-', substring(%[2]s, 1 + %[3]s))", kind, midAndSerial, mid)
}

// imb is the Intelligent Mail barcode that a piece's number and the marks make,
// or the one in code.
func imb() string {
	const routing = "leftPad(toString(bitAnd(marks, 0x1FFFFFFFFF)), transform(bitAnd(bitShiftRight(marks, 37), 7), [2, 3, 4], [5, 9, 11], 0), '0')"
	const packed = "concat(leftPad(toString(bitShiftRight(marks, 40)), 5, '0'), " + midAndSerial + ", " + routing + ")"
	return "multiIf(marks != 0, " + packed + ", object = 'imb', code, '')"
}
