package sql

import (
	"fmt"
	"strings"
	"time"

	"mailtrail/schemas/retention"
)

// window is how many blocks each table remembers, so that a repeated INSERT
// adds only what is missing. An INSERT takes one entry for each partition that
// it touches (at most 50), so this is at least 2,000 INSERTs.
const window = 100_000

// mergeBase makes the server merge more parts at a time, and so fewer times,
// than its own base of 5: late mail makes small parts in many slots, and at 8 they
// take 0.3 microseconds an event less. But at 8 the eleven blocks that the race
// leaves in a slot are not merged at all when its mail lies in two slots, and a row is
// then 22 bytes long on disk; at 7 it is 14 (bench/README.md).
const mergeBase = 7

// newerSettings are the settings of tables that older servers do not know, as
// they stand in a statement.
func newerSettings() []string {
	return []string{
		// A server of 26.7 computes statistics of every column at each insert and merge unless told otherwise.
		"auto_statistics_types = ''",
		fmt.Sprintf("merge_selector_base = %d", mergeBase),
	}
}

// mergedPartsStay is the server's own old_parts_lifetime: so long after a merge the parts that went into it stay on the disk,
// in case that a loss of power takes the new one, which is not synced.
const mergedPartsStay = 480 * time.Second

// settings are those of every table with a limit.
func (l limits) settings(table string) (string, error) {
	rows, _, err := l.rows(table)
	if err != nil {
		return "", err
	}
	older := fmt.Sprintf("non_replicated_deduplication_window = %d, ttl_only_drop_parts = 1, old_parts_lifetime = %d", window, stay(rows)/time.Second)
	return strings.Join(append([]string{older}, newerSettings()...), ", "), nil
}

// stay is how long parts stay on the disk that no query reads any more, in whole seconds. A dropped partition leaves it at once,
// but not what was merged into its parts shortly before, or is just being read (bench/expiry). That must be gone before the
// limit too, so where margins are short it stays for a quarter of the shortest.
func stay(rows []retention.Row) time.Duration {
	shortest := mergedPartsStay
	for _, row := range rows {
		shortest = min(shortest, time.Duration(row.Margin)/4)
	}
	return shortest.Truncate(time.Second)
}

// ForServer takes out of a statement the settings of tables that a server does
// not know; known are those that it knows.
func ForServer(statement string, known map[string]bool) string {
	for _, setting := range newerSettings() {
		if name, _, _ := strings.Cut(setting, " = "); !known[name] {
			statement = strings.Replace(statement, ", "+setting, "", 1)
		}
	}
	return statement
}
