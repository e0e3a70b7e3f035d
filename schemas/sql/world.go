package sql

import "strings"

// world is where names point: to the real objects, or to their drafts, which
// stand beside the base tables under other names.
type world struct {
	names Names
	draft bool
}

const draftMark = "draft_of_"

func (w world) table(name string) string { return w.object(Table, name) }
func (w world) view(name string) string  { return w.object(View, name) }

func (w world) object(kind Kind, name string) string {
	switch {
	case w.draft:
		return w.names.Data() + "." + draftMark + string(kind) + "_" + name
	case kind == View:
		return w.names.Public + "." + name
	}
	return w.names.Data() + "." + name
}

// Settle turns the server's text about a draft into what it would say about
// the real object.
func (s *SQL) Settle(text string) string {
	draft, real := world{names: s.names, draft: true}, world{names: s.names}
	var pairs []string
	for _, kind := range []Kind{Table, View} {
		pairs = append(pairs, draft.object(kind, ""), real.object(kind, ""))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
