package crash

import (
	"context"
	"fmt"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/stretchr/testify/require"
)

// leftOpen is a block that is open when every ingest is dead.
type leftOpen struct {
	point string // where ingest ends
	ahead string // ingest.ahead of the ingests that find the block; empty: as it was
	// byHand: a part of the block is taken out of scans.
	byHand bool
}

func (l leftOpen) String() string {
	text := "a block left open " + l.point
	if l.ahead != "" {
		text += ", the epoch changed"
	}
	if l.byHand {
		text += ", a part of it taken away"
	}
	return text
}

// leaveOpen kills every ingest, one of them with a block open, and lets others find it.
func (r *run) leaveOpen(l leftOpen) {
	for _, ingest := range r.ingests {
		ingest.hold()
	}
	if l.byHand { // parts must stay as they were inserted
		r.exec(`SYSTEM STOP MERGES mailtrail_data.scans`)
	}
	// Blocks that are open already come first; what is left open is a new one.
	gone, err := r.ingests[0].once(fmt.Sprintf("%s%s:%d", killAt, l.point, len(r.see().open)+1))
	require.NoError(r.t, err)
	r.await("ingest to end "+l.point, faultWithin, func() bool {
		select {
		case <-gone:
			return true
		default:
			return false
		}
	})
	open := r.see().open
	require.NotEmpty(r.t, open, "a block is open where ingest ends %s", l.point)
	damaged := openBlock{}
	if l.byHand {
		damaged = r.damage(open)
	}
	var env []string
	if l.ahead != "" {
		env = append(env, "MAILTRAIL_INGEST_AHEAD="+l.ahead)
	}
	for _, ingest := range r.ingests {
		require.NoError(r.t, ingest.resume(env...))
	}
	r.requireFinished(open, l.ahead != "")
	if l.byHand {
		r.exec(`SYSTEM START MERGES mailtrail_data.scans`)
		r.requireMended(damaged)
	}
}

func (r *run) exec(statements ...string) {
	for _, statement := range statements {
		require.NoError(r.t, r.store.conn.Exec(r.t.Context(), statement), statement)
	}
}

// requireFinished waits for the receipts of the open blocks and compares them with their intents.
func (r *run) requireFinished(open []openBlock, newEpoch bool) {
	var missing []openBlock
	other := false
	r.await("the open blocks' receipts", faultWithin, func() bool {
		all, err := r.store.receipts(r.t.Context())
		missing = slices.Clone(open)
		for _, found := range all {
			missing = slices.DeleteFunc(missing, func(b openBlock) bool {
				return found == receipt{b.partition, b.first, b.Last, b.At, b.Epoch}
			})
			other = other || found.epoch != open[0].Epoch && found.at > open[0].At
		}
		// A new epoch shows in the first block that is cut after the open one.
		return err == nil && len(missing) == 0 && (other || !newEpoch)
	})
	r.say("finished under their own clocks and epochs: %v", open)
}

// slotRows is how many rows of a block lie in one slot, and where.
type slotRows struct {
	class, slot string
	rows        uint64
	part        string // of scans
}

const inBlock = `topic = 'mail.scans' AND partition = ? AND offset BETWEEN ? AND ?`

// damage leaves one of the open blocks as a crash of the server within the insert does: without the part of one slot, and
// with those of others.
func (r *run) damage(open []openBlock) openBlock {
	r.await("what ingest had sent to be done", faultWithin, func() bool {
		n, err := r.store.number(r.t.Context(), `SELECT count() FROM system.processes WHERE query_kind = 'Insert'`)
		return err == nil && n == 0
	})
	for _, b := range open {
		slots, err := r.store.slotsOf(r.t.Context(), b)
		require.NoError(r.t, err)
		if len(slots) < 2 {
			continue
		}
		lost := slots[0]
		r.say("of %v: take away %d rows of %s %s", b, lost.rows, lost.class, lost.slot)
		r.exec(fmt.Sprintf(`ALTER TABLE mailtrail_data.scans DROP PART '%s'`, lost.part))
		r.damaged = slots
		return b
	}
	r.t.Fatalf("none of the open blocks %v has parts of its own in two slots; logs: %s", open, r.dir)
	return openBlock{}
}

// requireMended makes sure that the damaged block's rows are all there again.
func (r *run) requireMended(b openBlock) {
	rows, err := r.store.counts(r.t.Context(), `SELECT concat(retention_class, ' ', toString(slot)) AS name, count() FROM mailtrail_data.scans WHERE `+inBlock+` GROUP BY name`,
		b.partition, b.first, b.Last)
	require.NoError(r.t, err)
	for _, s := range r.damaged {
		require.Equal(r.t, s.rows, rows[s.class+" "+s.slot], "rows of the damaged block %v in slot %s %s", b, s.class, s.slot)
	}
}

// slotsOf finds the parts that hold rows of a block and nothing else, the largest first. A block that was inserted before
// merges were stopped may lie in one part with others. Merges must be stopped.
func (s *storeReader) slotsOf(ctx context.Context, b openBlock) (slots []slotRows, err error) {
	err = s.each(ctx, `SELECT retention_class, toString(slot) AS name, count(), _part FROM mailtrail_data.scans
		WHERE _part IN (SELECT _part FROM mailtrail_data.scans WHERE `+inBlock+`)
		GROUP BY retention_class, slot, _part HAVING countIf(`+inBlock+`) = count() ORDER BY count() DESC`, func(rows driver.Rows) error {
		var found slotRows
		err := rows.Scan(&found.class, &found.slot, &found.rows, &found.part)
		slots = append(slots, found)
		return err
	}, b.partition, b.first, b.Last, b.partition, b.first, b.Last)
	return slots, err
}
