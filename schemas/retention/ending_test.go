package retention

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEndOf(t *testing.T) {
	day := func(n int64) int64 { return n * 86400 }
	year, idle := day(365), day(730)
	customer := Row{Class: "c", Limit: Limit{1, "y"}, Bound: Ceiling, Clock: RelationshipEnd, Idle: Limit{2, "y"}}
	access := Row{Class: "a", Limit: Limit{1, "y"}, Bound: Ceiling, Clock: AuthorizationsCancelled, Margin: Duration(2 * time.Hour)}
	badge := Row{Class: "b", Clock: AccessTerminated, Bound: Ceiling, Margin: Duration(2 * time.Hour)}
	for name, c := range map[string]struct {
		row     Row
		active  int64
		history []End
		want    int64 // -1 for no end
	}{
		"no end":                           {access, day(5), nil, -1},
		"an end":                           {access, day(5), []End{{Recorded: day(10), At: day(9)}}, day(9) + year - 7200},
		"a second end gives no more time":  {access, day(5), []End{{day(10), day(9), false}, {day(20), day(15), false}}, day(9) + year - 7200},
		"a second end can shorten":         {access, day(5), []End{{day(10), day(9), false}, {day(20), day(8), false}}, day(8) + year - 7200},
		"taken back":                       {access, day(5), []End{{day(10), day(9), false}, {Recorded: day(20), TakenBack: true}}, -1},
		"taken back, and ended again":      {access, day(5), []End{{day(10), day(9), false}, {Recorded: day(20), TakenBack: true}, {day(30), day(30), false}}, day(30) + year - 7200},
		"taken back too late":              {access, day(5), []End{{day(10), day(9), false}, {Recorded: day(9) + year, TakenBack: true}}, day(9) + year - 7200},
		"an end to come":                   {access, day(5), []End{{day(10), day(50), false}}, day(50) + year - 7200},
		"until the end, not before it":     {badge, day(5), []End{{day(10), day(9), false}}, day(9)},
		"never ending, idle":               {customer, day(5), nil, day(5) + idle + year},
		"ended before it is idle":          {customer, day(5), []End{{day(10), day(9), false}}, day(9) + year},
		"an end far off, idle before that": {customer, day(5), []End{{day(10), day(9000), false}}, day(5) + idle + year},
		"taking back is activity":          {customer, day(5), []End{{day(10), day(9), false}, {Recorded: day(20), TakenBack: true}}, day(20) + idle + year},
	} {
		t.Run(name, func(t *testing.T) {
			at, ok := c.row.EndOf(c.active, c.history)
			require.Equal(t, c.want >= 0, ok)
			if ok {
				require.Equal(t, c.want, at)
			}
		})
	}
}

// Whatever is recorded later, a destruction that was due stays due, and only
// taking an end back gives more time.
func TestLaterEntriesGiveNoMoreTime(t *testing.T) {
	row := Builtin().Row("computer_access")
	rapid.Check(t, func(t *rapid.T) {
		var history []End
		at := rapid.Int64Range(0, 1e6).Draw(t, "start")
		for range rapid.IntRange(1, 8).Draw(t, "entries") {
			at += rapid.Int64Range(0, 4e7).Draw(t, "later")
			entry := End{Recorded: at, At: at - rapid.Int64Range(-1e6, 1e6).Draw(t, "shift"), TakenBack: rapid.Bool().Draw(t, "taken back")}
			before, had := row.EndOf(0, history)
			history = append(history, entry)
			after, has := row.EndOf(0, history)
			switch {
			case !had:
			case before <= entry.Recorded && (!has || after != before):
				t.Fatalf("what was due at %d is due at %d after an entry of %d", before, after, entry.Recorded)
			case !entry.TakenBack && (!has || after > before):
				t.Fatalf("a further end moved %d to %d", before, after)
			}
		}
	})
}
