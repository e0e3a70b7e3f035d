package sql

// Retired is a table or view of a version before, which this version does not need.
type Retired struct {
	Database, Name string
	// Drop is the statement that removes it.
	Drop string
}

// retired are all of them, views before what they write to; drafts are those
// of a migrate that was killed.
func retired(data string) (all []Retired) {
	for _, each := range []struct{ kind, name string }{
		// They counted the scans as they came in; the view volumes counts them when it is read.
		{"VIEW", "volumes_of_scans"},
		{"TABLE", "volumes"},
		{"VIEW", draftMark + "materialized_volumes_of_scans"},
		{"TABLE", draftMark + "tables_volumes"},
	} {
		all = append(all, Retired{data, each.name, "DROP " + each.kind + " IF EXISTS " + data + "." + each.name + " SYNC"})
	}
	return all
}

// Retired returns what migrate has to remove, in the order in which that can be done.
func (s *SQL) Retired() []Retired { return retired(s.names.Data()) }
