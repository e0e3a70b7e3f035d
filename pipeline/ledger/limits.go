package ledger

import (
	"fmt"
	"strings"
	"time"
)

// compared says what older checkpoints and witnesses add.
func (v *Verdict) compared() {
	if v.Since != nil {
		v.proves("The ledger continues the older checkpoint of %d entries: nothing that it covered was changed or taken away.", v.Since.Size)
	}
	for _, w := range v.Witnessed {
		v.proves("The witness %s had seen the ledger's first %d entries, all of this slot's among them, by %s.", w.Name, w.Size, stamp(w.At))
	}
	if v.Since == nil && len(v.Witnessed) == 0 {
		v.cannot("that others were shown the same ledger: whoever holds its signing key could have written two. It takes an older checkpoint (--since) or a witness (--witness) to see that")
	}
	if len(v.Witnessed) == 0 {
		v.cannot("that entries were made when they say: their times are those of the machine that wrote them. A witness's time would bound them")
	}
}

// limits says what no bundle proves.
func (v *Verdict) limits(row *ClassRow) {
	v.cannot("that no entry about the slot was made after the ledger's first %d entries", v.Head.Size)
	v.cannot("that no copy exists where the schedule names no store, nor that a copied key does not still open copied records elsewhere")
	v.cannot("that the disk's blocks were overwritten: destroyed means unreadable by its key, or no longer in the store")
	v.cannot("what happened while the machine was off: clear records then lie on its disk until it starts, when they go before a port opens")
	for _, store := range row.Stores {
		if store == KeyStore {
			return
		}
	}
	v.cannot("anything of keys: records of this class are not under a key of their slot")
}

func (r *ClassRow) citation() string {
	if r.Citation == "" {
		return "by mailtrail's own choice"
	}
	return r.Citation
}

// words is a duration in days where it is whole days, and without units of which there are none.
func words(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d == day:
		return "1 day"
	case d > day && d%day == 0:
		return fmt.Sprintf("%d days", d/day)
	}
	text := d.String()
	for _, zeros := range []string{"m0s", "h0m"} { // 1h0m0s is 1h
		if strings.HasSuffix(text, zeros) {
			text = text[:len(text)-2]
		}
	}
	return text
}
