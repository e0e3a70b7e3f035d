package verify

import (
	"path/filepath"
	"regexp"
	"time"
)

// keyFile is the name of a slot key's file: class and start. Its content is never read.
var keyFile = regexp.MustCompile(`^slot-([a-z0-9_]+)-(\d{8}T\d{6}Z)\.key(\.new)?$`)

// keys inspects the folder of slot keys. strict: a file that is no key is stray.
func (w *walk) keys(folder string, strict bool) {
	for _, entry := range w.read(folder) {
		path := filepath.Join(folder, entry.Name())
		if w.dump(path, entry) {
			continue
		}
		name := keyFile.FindStringSubmatch(entry.Name())
		if name == nil || !entry.Type().IsRegular() {
			if strict {
				w.stray(path, "it is no key of a slot")
			}
			continue
		}
		f := Finding{Kind: KeyWithoutSlot, Store: InFiles, Object: w.name(path), Class: name[1], Text: "the schedule has no sealed class with such a slot"}
		start, err := time.Parse("20060102T150405Z", name[2])
		c := w.look.schedule.classes[name[1]]
		if err != nil || c == nil || !c.sealed || !c.sliced || !c.names(start) {
			w.look.Found(f)
			continue
		}
		// Until half a margin after its date the authority may be about to destroy it.
		if due := c.destroyAt(start); w.look.Now.After(due.Add(c.margin / 2)) {
			f.Kind, f.Slot, f.Limit, f.Text = KeyPastDate, start, c.until(start), "it was to be destroyed at "+stamp(due)
			w.look.Found(f)
		}
	}
}
