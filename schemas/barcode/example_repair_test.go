package barcode_test

import (
	"fmt"

	"mailtrail/schemas/barcode"
)

// Two barcodes differ from these bars in two each. The bars alone do not tell which was printed; a set of known mailers does.
func ExampleParseKnownSet() {
	bars := []byte("AADFFATFTTDFFTTAFAFFADDAADAFTDDATAFADADDAFTDTTTFDTDADFADDFFAAADAT")
	answer, err := barcode.NewRepairer(nil).Repair(bars, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answer.Outcome)
	for _, candidate := range answer.Candidates() {
		fmt.Printf("MID %s, serial number %s\n", candidate.IMb.MID(), candidate.IMb.Serial())
	}

	known, err := barcode.ParseKnownSet([]byte(`
		effective 2026-11-20
		source    mailers of our site
		902345678 100000-199999
	`))
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err = barcode.NewRepairer(known).Repair(bars, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%v: MID %s, serial number %s, %.4f\n", answer.Outcome, answer.IMb.MID(), answer.IMb.Serial(), answer.Confidence)
	// Output:
	// ambiguous
	// MID 902345678, serial number 123456
	// MID 066457, serial number 418458156
	// repaired: MID 902345678, serial number 123456, 1.0000
}
