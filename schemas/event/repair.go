package event

import (
	"bytes"
	"errors"
	"strconv"
)

// Repair is how damaged bars were repaired outside of the stream, as the header
// RepairHeader carries it.
type Repair struct {
	// Confidence is the probability that the barcode is the one that was printed, in ten-thousandths.
	Confidence uint16
	// Mending is what to change in the bars; see barcode.Mend.
	Mending []byte
}

// MaxConfidence is certainty, in ten-thousandths.
const MaxConfidence = 10_000

// Text gives the repair as the header has it: CONFIDENCE MENDING, as in "9871 12D,40T".
func (r Repair) Text() []byte {
	return append(append(strconv.AppendUint(nil, uint64(r.Confidence), 10), ' '), r.Mending...)
}

// ParseRepair reads what Text wrote. Mending is part of the text, and not yet checked.
func ParseRepair(text []byte) (Repair, error) {
	confidence, mending, found := bytes.Cut(text, []byte{' '})
	n, err := strconv.ParseUint(string(confidence), 10, 16)
	if err != nil || !found || n > MaxConfidence {
		return Repair{}, errors.New("repair: expected CONFIDENCE MENDING, such as 9871 12D,40T, with a confidence from 0 to 10000")
	}
	return Repair{Confidence: uint16(n), Mending: mending}, nil
}
