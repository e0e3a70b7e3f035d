package picture_test

import (
	"fmt"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/barcode/picture"
)

func Example() {
	m, _ := barcode.ParseIMb([]byte("0123456709498765432101234567891"))
	layout, _ := barcode.NewLayout(200)
	file, _ := layout.PNG(&m, true)

	grey, err := picture.Decode(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	found, err := picture.NewReader(nil).Read(grey)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, one := range found {
		if one.Err != nil {
			fmt.Println("refused:", one.Err)
			continue
		}
		fmt.Printf("%s %s, upper left bar at %.0f, %.0f\n", one.Repaired.IMb.Tracking(), one.Repaired.IMb.Routing(), one.Corners[0].X, one.Corners[0].Y)
	}
	// Output: 01234567094987654321 01234567891, upper left bar at 25, 6
}
