package retention

import (
	"path"
	"path/filepath"
	"strings"
)

// folders checks that every folder lies below the data folder, and that none from which old files are removed holds
// what another row keeps.
func (c *checker) folders(places layout) {
	type named struct {
		row    *Row
		at     lines
		folder string
	}
	var all []named
	for _, list := range []struct {
		rows []Row
		at   []lines
	}{{c.schedule.Classes, places["classes"]}, {c.schedule.Own, places["own"]}} {
		for i := range list.rows {
			for _, folder := range list.rows[i].Folders {
				if !filepath.IsLocal(folder) || path.Clean(folder) != folder || folder == "." {
					c.wrong(list.rows[i].Class, list.at[i], "folders", "%q, expected a path below the data folder, such as clickhouse/tmp", folder)
					continue
				}
				all = append(all, named{&list.rows[i], list.at[i], folder})
			}
		}
	}
	for i, a := range all {
		for j, b := range all {
			if i != j && a.row.Sliced() && (b.folder == a.folder || strings.HasPrefix(b.folder, a.folder+"/") || strings.HasPrefix(a.folder, b.folder+"/")) {
				c.wrong(a.row.Class, a.at, "folders", "old files of %s are removed, and it overlaps with %s of row %s", a.folder, b.folder, b.row.Class)
			}
		}
	}
}
