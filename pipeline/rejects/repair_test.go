package rejects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/derive"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// repairLog is one partition of mail.rejects, its group of one member, and what was sent to mail.scans.
type repairLog struct {
	start     int64 // offset of the first letter
	letters   []event.Message
	committed int64
	sent      []event.Message
	// So many sends are killed before their answer, so many commits before they are stored.
	killSends, killCommits int
	keys                   fakeKeys
	ended                  context.CancelFunc // when all is committed
}

var errKilled = errors.New("killed")

func (l *repairLog) end() int64 { return l.start + int64(len(l.letters)) }

func (l *repairLog) Produce(_ context.Context, messages []event.Message) error {
	l.sent = append(l.sent, messages...)
	if l.killSends--; l.killSends >= 0 {
		return errKilled
	}
	return nil
}

func (l *repairLog) Join() (Group, error) { return &repairMember{log: l}, nil }

func (l *repairLog) Spans(context.Context) ([]Span, error) { return []Span{{l.start, l.end()}}, nil }

func (l *repairLog) Fetch(_ context.Context, _ int32, offset int64) ([]event.Message, int64, error) {
	return l.letters[offset-l.start:], l.end(), nil
}

// repairMember has one generation.
type repairMember struct {
	log  *repairLog
	done bool
}

func (m *repairMember) Next(ctx context.Context) (Generation, error) {
	if m.done {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	m.done = true
	return repairGeneration{m.log, ctx}, nil
}

func (m *repairMember) Close() error { return nil }

type repairGeneration struct {
	*repairLog
	ctx context.Context
}

func (g repairGeneration) Partitions() []int32              { return []int32{0} }
func (g repairGeneration) Start(work func(context.Context)) { work(g.ctx) }

func (g repairGeneration) Commit(_ context.Context, _ int32, offset int64) error {
	if g.killCommits--; g.killCommits >= 0 {
		return errKilled
	}
	if g.committed = offset; offset == g.end() {
		g.ended()
	}
	return nil
}

func (g repairGeneration) Committed(context.Context, int32) (int64, error) { return g.committed, nil }

// repair works off the letters and returns what was sent and how often each outcome was counted.
func (l *repairLog) repair(t *testing.T, known *barcode.KnownSet) (sent []event.Message, outcomes map[string]int) {
	tables, err := derive.Builtin()
	require.NoError(t, err)
	tables.Known = known
	for i := range l.letters {
		l.letters[i].Offset = l.start + int64(i)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	l.ended = cancel
	registry := prometheus.NewRegistry()
	r := NewRepair(tables, RepairDeps{Log: zerolog.Nop(), Metrics: registry, Topic: l, Producer: l, Keys: &l.keys, SealedBy: retention.Builtin().Row(retention.Rejects)})
	require.NoError(t, r.Run(ctx))
	require.Equal(t, l.end(), l.committed)
	families, err := registry.Gather()
	require.NoError(t, err)
	outcomes = map[string]int{}
	for _, family := range families {
		if family.GetName() != "mailtrail_repair_rejects_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			outcomes[metric.GetLabel()[0].GetValue()] = int(metric.GetCounter().GetValue())
		}
	}
	return l.sent, outcomes
}

// barsOf are the bars of a letter, so many of them wrong.
func barsOf(t *testing.T, wrong int) string {
	bars, err := barcode.Encode([]byte("00270123456000000007"), []byte("10118112501"))
	require.NoError(t, err)
	read := bytes.Clone(bars[:])
	for i := range wrong {
		if read[4+12*i] = 'T'; bars[4+12*i] == 'T' {
			read[4+12*i] = 'F'
		}
	}
	return string(read)
}

func barsJSON(bars string) string {
	return fmt.Sprintf(`{"bars":%q,"scanDatetime":"2026-11-18T10:00:00Z","machineId":"M"}`, bars)
}

func unread(value string, headers ...string) event.Message {
	return letter(0, 0, "mail.scans/0/5/0", 1000, value, append([]string{event.ReasonHeader, string(event.UnreadableBars)}, headers...)...)
}

func TestRepairSendsWhatItFinds(t *testing.T) {
	three := barsJSON(barsOf(t, 3))
	var scan event.Scan
	require.Nil(t, scan.DecodeJSON([]byte(three)))
	require.Nil(t, scan.Check())
	proto := string(scan.AppendProto(nil))
	for name, c := range map[string]struct {
		letter  event.Message
		outcome string // none: nobody's business
	}{
		"three wrong bars":       {unread(three), repaired},
		"four, as it happens":    {unread(barsJSON(barsOf(t, 4))), ambiguous},
		"protobuf":               {unread(proto, event.ContentTypeHeader, event.ProtoType), repaired},
		"hopeless":               {unread(barsJSON(strings.Repeat("?", 26) + barsOf(t, 0)[26:])), refused},
		"repaired before":        {unread(three, event.RepairHeader, "9000 1T"), tried},
		"sealed":                 {unread(three, event.SealHeader, "aes-256-gcm"), sealed},
		"no event":               {unread("{"), noEvent},
		"no bars":                {unread(`{"imb":"00270123456000000007","scanDatetime":"2026-11-18T10:00:00Z","machineId":"M"}`), noEvent},
		"no reject":              {event.Message{Headers: []event.Header{{Key: event.ReasonHeader, Value: []byte("unreadable_bars")}}}, noEvent},
		"another reason":         {letter(0, 0, "mail.scans/0/5/0", 1000, three), ""},
		"the parts beside it":    {unread(three[:len(three)-1] + `,"imbMid":"999999"}`), refused},
		"other things wrong too": {unread(`{"bars":"` + barsOf(t, 3) + `","scanDatetime":"2026-11-18T10:00:00","machineId":"M"}`), repaired},
	} {
		t.Run(name, func(t *testing.T) {
			l := &repairLog{start: 7, committed: -1, letters: []event.Message{c.letter}}
			sent, outcomes := l.repair(t, nil)
			want := map[string]int{}
			if c.outcome != "" {
				want[c.outcome] = 1
			}
			require.Equal(t, want, outcomes)
			if c.outcome != repaired {
				require.Empty(t, sent)
				return
			}
			require.Len(t, sent, 1)
			require.Equal(t, event.ScansTopic, sent[0].Topic)
			require.Equal(t, "mail.scans/0/5/0", string(sent[0].Key))
			require.Equal(t, string(c.letter.Value), opened(t, sent[0]), "the payload goes as it is")
			require.Equal(t, "mail.scans/0/5/0", string(sent[0].Header(event.OriginHeader)))
			require.Equal(t, "1790000000777", string(sent[0].Header(event.ReceivedHeader)), "it keeps its clock")
			found, err := event.ParseRepair(sent[0].Header(event.RepairHeader))
			require.NoError(t, err)
			require.Greater(t, found.Confidence, uint16(5000))
			m, _, _, err := barcode.Mend(scan.Values[event.Bars], found.Mending)
			require.NoError(t, err)
			require.Equal(t, "0027012345600000000710118112501", string(m.Digits()))
		})
	}
}

func TestRepairIsWholeWhateverIsKilled(t *testing.T) {
	l := &repairLog{start: 3, committed: -1, killSends: 1, killCommits: 1}
	for i := range 5 {
		m := unread(barsJSON(barsOf(t, 3)))
		m.Headers[0].Value = strconv.AppendInt([]byte("mail.scans/0/"), int64(i), 10)
		m.Headers[0].Value = append(m.Headers[0].Value, "/0"...)
		l.letters = append(l.letters, m)
	}
	sent, _ := l.repair(t, nil)
	require.Len(t, sent, 15, "a send without an answer and one without a commit come again")
	different := map[string]string{}
	for _, m := range sent {
		text := string(m.Header(event.RepairHeader))
		if before, known := different[string(m.Key)]; known {
			require.Equal(t, before, text, "the same repair again")
		}
		different[string(m.Key)] = text
	}
	require.Len(t, different, 5)
}

func TestRepairGoesOnBehindWhatIsGone(t *testing.T) {
	l := &repairLog{start: 9, committed: 4, letters: []event.Message{unread(barsJSON(barsOf(t, 3)))}}
	sent, outcomes := l.repair(t, nil)
	require.Len(t, sent, 1)
	require.Equal(t, map[string]int{repaired: 1}, outcomes)
}

// What is gone is counted once, though nothing stands behind it.
func TestWhatIsGoneIsCountedOnce(t *testing.T) {
	l := &repairLog{start: 9, committed: 4}
	l.repair(t, nil)
	require.EqualValues(t, 9, l.committed)
}
