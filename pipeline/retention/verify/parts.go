package verify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// ahead is how far in the future a slot may begin: clocks differ.
const ahead = time.Minute

// group is what the parts of one partition have in common.
type group struct {
	table *Table
	// object is the table's full name.
	object, partition string
	active            bool
}

// parts holds each partition against the schedule, and the clocks of its rows against its label.
func (c ClickHouse) parts(ctx context.Context, look *Look, tables []Table, parts []Part) {
	named := map[string]*Table{}
	for i := range tables {
		named[tables[i].Database+"."+tables[i].Name] = &tables[i]
	}
	rows := map[group]uint64{}
	slots := map[string]map[string]heldSlot{} // by table and part
	for _, p := range parts {
		object := p.Database + "." + p.Table
		switch p.State {
		case "detached":
			look.Found(Finding{Kind: DetachedPart, Store: InClickHouse, Object: object + "/detached/" + p.Name, Text: "a part that was taken out of its table: no query shows it, and nothing destroys it"})
			continue
		case "dropped":
			if p.Rows > 0 {
				look.Found(Finding{Kind: DroppedTable, Store: InClickHouse, Object: object, Rows: p.Rows, Text: "a dropped table whose rows still lie on the disk"})
			}
			continue
		}
		table := named[object]
		if table == nil || p.Rows == 0 || len(look.schedule.inTable(c.place(p.Database, p.Table))) == 0 {
			continue // a table that is not in the schedule is told as such
		}
		rows[group{table, object, p.Partition, p.State == "active"}] += p.Rows
		if held, ok := c.slotOf(look, table, object, p.Partition); ok && p.State == "active" {
			if slots[object] == nil {
				slots[object] = map[string]heldSlot{}
			}
			slots[object][p.Name] = held
		}
	}
	for g, n := range rows {
		c.partitionOf(look, g, n)
	}
	for _, t := range tables {
		c.rows(ctx, look, &t, slots[t.Database+"."+t.Name])
	}
}

var (
	classAndSlot = regexp.MustCompile(`^\('([^']*)','(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)'\)$`)
	slotAlone    = regexp.MustCompile(`^'?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)'?$`)
)

// slotOf reads a partition; false where it is no slot of the schedule.
func (c ClickHouse) slotOf(look *Look, t *Table, object, partition string) (held heldSlot, ok bool) {
	held = heldSlot{table: c.place(t.Database, t.Name), object: object}
	classes := look.schedule.inTable(held.table)
	if !classes[0].sliced {
		return held, false
	}
	var text string
	if both := classAndSlot.FindStringSubmatch(partition); both != nil {
		at := slices.IndexFunc(classes, func(c *class) bool { return c.name == both[1] })
		if at < 0 {
			return held, false
		}
		held.class, text = classes[at], both[2]
	} else if alone := slotAlone.FindStringSubmatch(partition); alone != nil && len(classes) == 1 {
		held.class, text = classes[0], alone[1]
	} else if number, err := strconv.ParseInt(partition, 10, 64); err == nil && t.Database == "system" && len(classes) == 1 {
		held.class, held.slot = classes[0], time.Unix(number*int64(classes[0].slot/time.Second), 0).UTC()
		return held, true
	}
	slot, err := time.Parse(time.DateTime, text)
	held.slot = slot
	return held, err == nil && held.class.names(slot)
}

// partitionOf tells what is wrong with a partition.
func (c ClickHouse) partitionOf(look *Look, g group, rows uint64) {
	classes := look.schedule.inTable(c.place(g.table.Database, g.table.Name))
	if !classes[0].sliced {
		if g.active {
			look.Holds(Room{Class: classes[0].name, Store: InClickHouse, Object: g.object, Rows: rows})
		}
		return
	}
	held, ok := c.slotOf(look, g.table, g.object, g.partition)
	f := Finding{Store: InClickHouse, Object: g.object, Rows: rows}
	if !ok {
		f.Kind, f.Text = UnalignedSlot, fmt.Sprintf("its partition %.80s is no slot of the schedule", g.partition)
		if both := classAndSlot.FindStringSubmatch(g.partition); both != nil && held.class == nil {
			f.Kind, f.Class, f.Text = UnknownClass, clean(both[1]), "the schedule has no class of this name in the table"
		} else if held.class != nil {
			f.Class, f.Slot = held.class.name, held.slot
		}
		look.Found(f)
		return
	}
	held.rows = rows
	f.Class, f.Slot, f.Oldest, f.Limit = held.class.name, held.slot, held.slot, held.class.until(held.slot)
	if g.active {
		look.held = append(look.held, held)
	}
	switch {
	case held.slot.After(look.Now.Add(ahead)):
		f.Kind, f.Limit, f.Text = FutureSlot, time.Time{}, "the slot has not begun, so it would be destroyed too late"
	case !look.Now.After(f.Limit):
		return
	case g.active:
		f.Kind, f.Text = OverLimit, "the slot is past its limit and still there"
	default:
		f.Kind, f.Text = InactivePart, "a part that no query reads any more is past its limit and still on the disk"
	}
	look.Found(f)
}

// Seen keeps what was read of parts. It belongs to one auditor.
type Seen struct{ tables map[string]map[string]Clock }

// rows looks into the data: the oldest clock in each slot against its label.
func (c ClickHouse) rows(ctx context.Context, look *Look, t *Table, parts map[string]heldSlot) {
	object := t.Database + "." + t.Name
	classes := look.schedule.inTable(c.place(t.Database, t.Name))
	if len(classes) == 0 || !classes[0].sliced {
		return
	}
	clocks, err := c.clocks(ctx, t, parts)
	if errors.Is(err, ErrNoClock) {
		look.missed(InClickHouse, object+" rows", err)
		return
	}
	if err != nil {
		look.missed(InClickHouse, object+" rows", fmt.Errorf("the clocks of its rows could not be read: %w", err))
		return
	}
	rooms := map[*class]*Room{}
	for _, class := range classes {
		rooms[class] = &Room{Class: class.name, Store: InClickHouse, Object: object}
	}
	for name, clock := range clocks {
		held, ok := parts[name]
		if !ok {
			continue // it came after the list, or is told already
		}
		oldest, newest := time.UnixMilli(clock.Oldest).UTC(), time.UnixMilli(clock.Newest).UTC()
		if room := rooms[held.class]; room.Oldest.IsZero() || oldest.Before(room.Oldest) {
			room.Oldest, room.Limit = oldest, held.class.until(oldest)
		}
		if oldest.Before(held.slot) || !newest.Before(held.slot.Add(held.class.slot)) {
			look.Found(Finding{Kind: ClockOutsideSlot, Store: InClickHouse, Object: object, Class: held.class.name, Slot: held.slot, Oldest: oldest, Limit: held.class.until(oldest),
				Text: fmt.Sprintf("rows under this label have clocks from %s to %s", stamp(oldest), stamp(newest))})
		}
	}
	for _, held := range look.held {
		if held.object == object {
			rooms[held.class].Rows += held.rows
		}
	}
	for _, class := range classes {
		look.Holds(*rooms[class])
	}
}

// clocks reads those of the parts that are not known yet, and forgets those that are gone.
func (c ClickHouse) clocks(ctx context.Context, t *Table, parts map[string]heldSlot) (map[string]Clock, error) {
	object := t.Database + "." + t.Name
	clocks := map[string]Clock{}
	if c.Seen != nil {
		if c.Seen.tables == nil {
			c.Seen.tables = map[string]map[string]Clock{}
		}
		maps.Copy(clocks, c.Seen.tables[object])
		maps.DeleteFunc(clocks, func(name string, _ Clock) bool { _, there := parts[name]; return !there })
		c.Seen.tables[object] = clocks
		if len(parts) > 0 && len(clocks) == len(parts) {
			return clocks, nil
		}
	}
	read, err := c.Server.Clocks(ctx, t.Database, t.Name, slices.Collect(maps.Keys(clocks)))
	if err != nil {
		return nil, err
	}
	for _, clock := range read {
		clocks[clock.Part] = clock
	}
	return clocks, nil
}
