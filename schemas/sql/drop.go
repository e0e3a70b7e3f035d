package sql

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"mailtrail/schemas/retention"
)

// byClassAndSlot is the partition key of a table that holds several classes.
const byClassAndSlot = "PARTITION BY (retention_class, slot)"

// DropSlot removes one slot, named by its start in Unix seconds, of a class of the schedule from a table, named as in
// [retention.Place]. Done again, it removes nothing. The error says that the class has no such slots there.
func (s *SQL) DropSlot(row *retention.Row, table string, slot int64) (string, error) {
	if !row.Sliced() {
		return "", fmt.Errorf("class %s has no slots", row.Class)
	}
	for _, name := range row.SystemTables {
		if table == "system."+name {
			return "ALTER TABLE " + table + " DROP PARTITION " + strconv.FormatInt(slot/int64(time.Duration(row.Slot)/time.Second), 10), nil
		}
	}
	for _, name := range row.Tables {
		for i := range s.objects {
			object := &s.objects[i]
			if name != table || object.Kind != Table || object.Name != table {
				continue
			}
			start := literal(time.Unix(slot, 0).UTC().Format(time.DateTime))
			if strings.Contains(object.Create, byClassAndSlot) {
				start = "(" + literal(row.Class) + ", " + start + ")"
			}
			return object.alter() + "DROP PARTITION " + start, nil
		}
	}
	return "", fmt.Errorf("the schedule has no table %s of class %s", table, row.Class)
}
