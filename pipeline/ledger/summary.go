package ledger

import (
	"fmt"
	"strings"
)

// Summary says in a sentence each what the bundle proves, and what it cannot. [Verdict.Proves] and [Verdict.Cannot] have it in full.
func (v *Verdict) Summary() (proves, cannot string) {
	switch {
	case len(v.Findings) > 0:
		proves = fmt.Sprintf("It is genuine, and shows that something is amiss with slot %s of class %s: %s", stamp(v.Slot), v.Class, strings.TrimSpace(v.Findings[0]))
	default:
		proves = fmt.Sprintf("It proves that the ledger %s holds the destruction of slot %s of class %s in every store that its schedule names, at %s, before its limit at %s.",
			v.Log, stamp(v.Slot), v.Class, stamp(v.Destroyed), stamp(v.Limit))
	}
	cannot = "It cannot prove that no copy lies elsewhere, that nothing was entered about the slot later, or that the machine's clock was right"
	if v.Since == nil && len(v.Witnessed) == 0 {
		cannot += "; nor, without an older checkpoint (--since) or a witness (--witness), that others were shown the same ledger"
	}
	return proves, cannot + "."
}
