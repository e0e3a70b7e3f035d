package expiry

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// scale is a schedule made short, and how long mail comes in under it.
type scale struct {
	load time.Duration
	rate int // events a second
	// mail is the row of the shortest limit; service that of a longer one; rejects that of dead letters.
	mail, service, rejects row
	life                   time.Duration // of both topics
}

// row is what of a class's row is made short. behind is 0 where it stays as it is.
type row struct{ limit, slot, margin, behind time.Duration }

var small = scale{
	load: 40 * time.Second, rate: 200,
	mail:    row{25 * time.Second, 5 * time.Second, 4 * time.Second, time.Second},
	service: row{30 * time.Second, 5 * time.Second, 4 * time.Second, time.Second},
	rejects: row{limit: 25 * time.Second, slot: 5 * time.Second, margin: 4 * time.Second},
	life:    13 * time.Second,
}

var large = scale{
	load: 10 * time.Minute, rate: 1000,
	mail:    row{60 * time.Second, 10 * time.Second, 8 * time.Second, 2 * time.Second},
	service: row{180 * time.Second, 20 * time.Second, 16 * time.Second, 2 * time.Second},
	rejects: row{limit: 60 * time.Second, slot: 10 * time.Second, margin: 8 * time.Second},
	life:    34 * time.Second,
}

// schedule is the built-in schedule with the rows of the scale, and where it lies as a file.
func (c scale) schedule(t *testing.T, path string) *retention.Schedule {
	t.Helper()
	source := string(retention.Builtin().Source())
	for class, r := range map[string]row{retention.MailTracking: c.mail, retention.SpecialServiceTracking: c.service, retention.Rejects: c.rejects} {
		source = r.into(t, source, "  - class: "+class+"\n")
	}
	for _, topic := range []string{event.ScansTopic, event.RejectsTopic} {
		source = inBlock(t, source, "  - topic: "+topic+"\n", "life", c.life)
	}
	parsed, err := retention.Parse([]byte(source))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(source), 0o600))
	return parsed
}

func (r row) into(t *testing.T, source, head string) string {
	source = inBlock(t, source, head, "limit", r.limit)
	source = inBlock(t, source, head, "slot", r.slot)
	source = inBlock(t, source, head, "margin", r.margin)
	if r.behind > 0 {
		source = inBlock(t, source, head, "behind", r.behind)
	}
	return source
}

// inBlock sets one key of the row that begins with the head.
func inBlock(t *testing.T, source, head, key string, value time.Duration) string {
	t.Helper()
	before, rest, found := strings.Cut(source, head)
	require.True(t, found, head)
	block, after := rest, ""
	if end := strings.Index(rest, "\n  - "); end >= 0 {
		block, after = rest[:end], rest[end:]
	}
	line := regexp.MustCompile(`(?m)^    ` + key + `: .*$`)
	require.Len(t, line.FindAllString(block, -1), 1, "%s of %s", key, head)
	return before + head + line.ReplaceAllString(block, fmt.Sprintf("    %s: %ds", key, int(value.Seconds()))) + after
}

// behind is how old a record is when it is sent.
func (c scale) behind() time.Duration { return c.mail.behind / 4 }
