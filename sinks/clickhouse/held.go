package clickhouse

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/retention"
	"mailtrail/schemas/sql"
)

// HeldSlot is a slot of a class in one table.
type HeldSlot struct {
	Class string
	// Table is as in [retention.Place]: of the server's own tables with system. in front.
	Table string
	// Slot is the start of the slot, Unix seconds.
	Slot        int64
	Rows, Bytes uint64
	// Strange is the partition as the server names it where it is no slot of
	// the schedule; else empty.
	Strange string
}

// HeldSlots asks the server which slots its tables hold, by table and slot.
// Partitions of tables that have no slots are left out.
func (s *Store) HeldSlots(ctx context.Context) (held []HeldSlot, err error) {
	err = s.each(ctx, sql.HeldSlots, nil, nil, func(rows driver.Rows) error {
		var own bool
		var partition string
		var divided int64
		var h HeldSlot
		if err := rows.Scan(&own, &h.Table, &partition, &h.Rows, &h.Bytes, &divided); err != nil {
			return err
		}
		if own {
			h.Table = "system." + h.Table
		}
		if h.place(s.deps.Schedule, partition, divided) {
			held = append(held, h)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: list the slots: %w", err)
	}
	return held, nil
}

// byClassAndSlot and bySlot are how the server writes the partition keys of the base tables.
var (
	byClassAndSlot = regexp.MustCompile(`^\('([^']+)','([^']+)'\)$`)
	bySlot         = regexp.MustCompile(`^'?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)'?$`)
)

// place fills in class and slot from the partition; false where the table has no slots.
func (h *HeldSlot) place(schedule *retention.Schedule, partition string, divided int64) bool {
	for _, row := range schedule.Rows() {
		for _, place := range row.Places() {
			if place != (retention.Place{Store: retention.ClickHouse, Name: h.Table}) {
				continue
			}
			if !row.Sliced() {
				return false
			}
			h.Class = row.Class
			if !h.slot(row, partition, divided) {
				h.Strange = partition
			}
			return true
		}
	}
	return false
}

// slot reads the slot from the partition. Of the server's own logs it must be numbered
// by the slot's length: a server that was not told so cuts them by months.
func (h *HeldSlot) slot(row *retention.Row, partition string, divided int64) bool {
	if len(row.SystemTables) > 0 {
		number, err := strconv.ParseInt(partition, 10, 64)
		h.Slot = number * divided
		return err == nil && divided == int64(time.Duration(row.Slot)/time.Second)
	}
	text := ""
	if part := byClassAndSlot.FindStringSubmatch(partition); part != nil {
		h.Class, text = part[1], part[2]
	} else if part := bySlot.FindStringSubmatch(partition); part != nil {
		text = part[1]
	}
	slot, err := time.Parse(time.DateTime, text)
	h.Slot = slot.Unix()
	return err == nil
}
