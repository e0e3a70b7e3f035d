package retention

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAChangeCanShortenNeverLengthen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) *Row {
			limit := rapid.Int64Range(3, 100).Draw(t, name+" limit")
			slot := rapid.Int64Range(1, limit-2).Draw(t, name+" slot")
			return &Row{Limit: LimitOf(time.Duration(limit) * time.Hour), Bound: Ceiling, Clock: Capture, Slot: Duration(time.Duration(slot) * time.Hour), Margin: Duration(time.Hour)}
		}
		old, now := draw("old"), draw("new")
		changed := rapid.Int64Range(0, 1e9).Draw(t, "changed")
		slot := old.SlotOf(rapid.Int64Range(0, 1e12).Draw(t, "clock"))
		at := Effective(old, now, slot, changed)
		if slot < changed && at > old.DestroyAt(slot) {
			t.Fatalf("slot %d had begun and lives until %d, after %d", slot, at, old.DestroyAt(slot))
		}
		if at > max(now.DestroyAt(slot), old.DestroyAt(slot)) || slot >= changed && at != now.DestroyAt(slot) {
			t.Fatalf("slot %d lives until %d", slot, at)
		}
		if at > now.DestroyAt(slot) {
			t.Fatalf("the change does not shorten slot %d", slot)
		}
	})
}

func TestEffectiveOfOneRow(t *testing.T) {
	row := Builtin().Row(MailTracking)
	require.Equal(t, row.DestroyAt(86400), Effective(nil, row, 86400, 1e9))
	require.Equal(t, row.DestroyAt(86400), Effective(row, nil, 86400, 0))
}

func TestCompareListsWhatChanged(t *testing.T) {
	old := Builtin()
	require.Empty(t, Compare(old, old))
	text := strings.NewReplacer(
		"limit: 30d\n    bound: ceiling\n    clock: capture\n    citation: \"USPS 820.200, Retention and Disposal 7", "limit: 31d\n    bound: ceiling\n    clock: capture\n    citation: \"USPS 820.200, Retention and Disposal 7",
		"limit: 100d", "limit: 99d",
		"class: surveys", "class: polls",
		"topic: mail.rejects\n    life: 7d", "topic: mail.rejects\n    life: 6d",
		"topic: mail.scans\n    life: 7d", "topic: mail.scans\n    life: 8d",
	).Replace(string(old.Source()))
	now, err := Parse([]byte(text))
	require.NoError(t, err)
	var said []string
	for _, change := range Compare(old, now) {
		said = append(said, change.String())
	}
	require.Equal(t, []string{
		"class mail_tracking: limit 30d -> 31d (for slots that begin from now on; those that have begun keep what they had)",
		"class polls: new, 1095d from capture",
		"class receipts: limit 100d -> 99d",
		"class surveys: gone, was 1095d from capture",
		"class topic mail.rejects: life 7d -> 6d",
		"class topic mail.scans: life 7d -> 8d (for slots that begin from now on; those that have begun keep what they had)",
	}, said)
}
