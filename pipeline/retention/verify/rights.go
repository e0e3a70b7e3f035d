package verify

import (
	"context"
	"slices"
	"strings"
)

// reading are the rights by which somebody sees or copies what the views hide.
var reading = []string{"ALL", "SELECT", "BACKUP", "ALTER", "ALTER TABLE", "ALTER FREEZE PARTITION", "ALTER MOVE PARTITION", "ALTER FETCH PARTITION"}

// rights looks who may read base tables besides mailtrail's own users, and whether the auditor could change something.
func (c ClickHouse) rights(ctx context.Context, look *Look) error {
	grants, err := c.Server.Grants(ctx)
	for _, g := range grants {
		look.Inspected(1)
		switch {
		case g.To == "user "+c.Server.User():
			if !harmless(g.Access) {
				look.Found(Finding{Kind: AuditorRights, Store: InClickHouse, Object: g.To,
					Text: "the auditor may " + g.Access + ": give verify.clickhouse a user of its own that may read and show, nothing else"})
			}
		case slices.Contains(c.Users, strings.TrimPrefix(g.To, "user ")):
		case (g.Database == "" || g.Database == c.Data) && slices.Contains(reading, g.Access):
			look.Found(Finding{Kind: UserRights, Store: InClickHouse, Object: g.To, Text: "may " + g.Access + " in the base tables, where what is due is not hidden"})
		}
	}
	return err
}

// harmless tells whether a right changes nothing.
func harmless(access string) bool {
	return access == "SELECT" || access == "SHOW" || strings.HasPrefix(access, "SHOW ") || access == "CHECK" || access == "NONE" || access == "READ"
}
