package sql

import (
	"fmt"
	"regexp"
)

// Names are the names on the server that a site may choose.
type Names struct {
	// Public is the database of the public views (clickhouse.database). The
	// base tables lie in the database Data().
	Public string
	// Definer is the user, without a login, as which all views run.
	Definer string
}

// Data returns the database of the base tables.
func (n Names) Data() string { return n.Public + "_data" }

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (n Names) check() error {
	for _, name := range []struct{ what, value string }{
		{"database", n.Public}, {"definer of the views", n.Definer},
	} {
		if !identifier.MatchString(name.value) {
			return fmt.Errorf("clickhouse: %s %q is not a name: expected letters, digits and _, not beginning with a digit", name.what, name.value)
		}
	}
	return nil
}
