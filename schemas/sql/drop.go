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

// SlotDrop is how one slot of a class is removed from a table.
type SlotDrop struct {
	// Statement removes it; done again, it removes nothing that rows are read from, and files that the server had kept.
	Statement string
	// Left asks for the number of parts that no query reads any more, and whose files are still there.
	Left string
	// Stay is how long they may still stay: the table's old_parts_lifetime.
	Stay time.Duration
}

// DropSlot names the slot by its start in Unix seconds, the class by its row of the schedule, and the table as in
// [retention.Place]. The error says that the class has no such slots there.
func (s *SQL) DropSlot(row *retention.Row, table string, slot int64) (SlotDrop, error) {
	if !row.Sliced() {
		return SlotDrop{}, fmt.Errorf("class %s has no slots", row.Class)
	}
	for _, name := range row.SystemTables {
		if table == "system."+name {
			number := strconv.FormatInt(slot/int64(time.Duration(row.Slot)/time.Second), 10)
			return slotDrop("system", name, number, number, mergedPartsStay), nil
		}
	}
	for _, name := range row.Tables {
		for i := range s.objects {
			object := &s.objects[i]
			if name != table || object.Kind != Table || object.Name != table {
				continue
			}
			stays := stay(s.schedule.Table(name))
			start := time.Unix(slot, 0).UTC().Format(time.DateTime)
			if strings.Contains(object.Create, byClassAndSlot) {
				key := "(" + literal(row.Class) + "," + literal(start) + ")" // as the server writes it
				return slotDrop(object.Database, name, key, key, stays), nil
			}
			return slotDrop(object.Database, name, literal(start), start, stays), nil
		}
	}
	return SlotDrop{}, fmt.Errorf("the schedule has no table %s of class %s", table, row.Class)
}

// slotDrop is of a partition, by its key as an expression and as the text that the server shows.
func slotDrop(database, table, key, shown string, stays time.Duration) SlotDrop {
	return SlotDrop{
		Statement: "ALTER TABLE " + database + "." + table + " DROP PARTITION " + key,
		Left:      "SELECT count() FROM system.parts WHERE database = " + literal(database) + " AND table = " + literal(table) + " AND NOT active AND partition = " + literal(shown),
		Stay:      stays,
	}
}
