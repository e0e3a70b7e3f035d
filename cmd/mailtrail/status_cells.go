package main

import (
	"fmt"
	"time"

	"mailtrail/schemas/retention"
)

// byteCount is a size in bytes, share a part of 1. Beside them, a time.Duration is seconds for programs.
type (
	byteCount uint64
	share     float64
)

// forPeople is a cell as text that is read at a glance.
func forPeople(cell any) any {
	switch cell := cell.(type) {
	case byteCount:
		return cell.String()
	case share:
		return fmt.Sprintf("%.1f %%", 100*float64(cell))
	case time.Duration:
		return roughly(cell)
	case retention.Duration:
		return cell.String()
	case time.Time:
		return cell.UTC().Format("2006-01-02 15:04Z")
	}
	return cell
}

// forPrograms is a cell as a number in its base unit where it can be one.
func forPrograms(cell any) any {
	switch cell := cell.(type) {
	case byteCount:
		return uint64(cell)
	case share:
		return float64(cell)
	case time.Duration:
		return cell.Seconds()
	case retention.Duration:
		return time.Duration(cell).Seconds()
	}
	return cell
}

// String is the size in the largest binary unit of which there is at least one.
func (b byteCount) String() string {
	size, units := float64(b), []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	for size >= 1024 && len(units) > 1 {
		size, units = size/1024, units[1:]
	}
	if units[0] == "B" {
		return fmt.Sprintf("%.0f B", size)
	}
	return fmt.Sprintf("%.1f %s", size, units[0])
}
