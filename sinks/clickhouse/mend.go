package clickhouse

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"mailtrail/schemas/sql"
)

// unalterable says what to do about a table that cannot be altered to what it
// should be. What Kafka still has need not be copied.
const unalterable = "which cannot be altered: stop ingest, move the table away (RENAME TABLE), and migrate again; then copy its rows, " +
	"or drop it and let mailtrail audit --repair take in again what Kafka still holds"

// mendTable brings a table that is there to what it should be, statement by
// statement, and notes what was wrong.
func (m *migration) mendTable(ctx context.Context, o sql.Object, have, want *description, change *Change) error {
	fixed, ttl, settings := have.parts()
	wantFixed, wantTTL, wantSettings := want.parts()
	if fixed != wantFixed {
		return fmt.Errorf("the engine, partition key or order is %q, expected %q, %s", fixed, wantFixed, unalterable)
	}
	mend := func(drift, statement string) error {
		change.Action, change.Drift = Altered, append(change.Drift, drift)
		return m.exec(ctx, statement)
	}
	if err := mendColumns(o, have.columns, want.columns, mend); err != nil {
		return err
	}
	if err := mendIndices(o, have.indices, want.indices, mend); err != nil {
		return err
	}
	if ttl != wantTTL {
		if err := mend(fmt.Sprintf("expiry was %q, now %q", ttl, wantTTL), o.ModifyTTL(wantTTL)); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wantSettings)) {
		if settings[name] == wantSettings[name] {
			continue
		}
		drift := fmt.Sprintf("setting %s was %q, now %s", name, settings[name], wantSettings[name])
		if err := mend(drift, o.ModifySettings(name+" = "+wantSettings[name])); err != nil {
			return err
		}
	}
	if have.comment != want.comment {
		return mend("comment was another", o.ModifyComment(want.comment))
	}
	return nil
}

func mendColumns(o sql.Object, have, want []sql.Column, mend func(drift, statement string) error) error {
	there := map[string]sql.Column{}
	for _, c := range have {
		there[c.Name] = c
	}
	after := ""
	for _, c := range want {
		var err error
		switch old, ok := there[c.Name]; {
		case !ok:
			err = mend("column "+c.Name+" was missing", o.AddColumn(c, after))
		case isAlias(old) != isAlias(c):
			err = fmt.Errorf("it is stored: %t, expected %t, %s", !isAlias(old), !isAlias(c), unalterable)
		case old.Type != c.Type:
			err = mend(fmt.Sprintf("column %s was of type %s, now %s", c.Name, old.Type, c.Type), o.ModifyColumn(c))
		case old != c:
			err = mend("column "+c.Name+" had another default, codec or comment", o.ModifyColumn(c))
		}
		if err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
		after = c.Name
	}
	return nil
}

// mendIndices adds the indices that are missing and makes those that differ anew. An index of the operator's own stays.
func mendIndices(o sql.Object, have, want map[string]sql.Index, mend func(drift, statement string) error) error {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		old, there := have[name]
		if old == want[name] {
			continue
		}
		drift := "index " + name + " was missing"
		if there {
			drift = fmt.Sprintf("index %s was %s of %s, now %s of %s", name, old.Type, old.Expression, want[name].Type, want[name].Expression)
			if err := mend(drift, o.DropIndex(name)); err != nil {
				return fmt.Errorf("index %s: %w", name, err)
			}
			drift = "index " + name + " was made anew"
		}
		if err := mend(drift, o.AddIndex(want[name])); err != nil {
			return fmt.Errorf("index %s: %w", name, err)
		}
	}
	return nil
}

// isAlias tells whether a column is computed when it is read, and not stored.
func isAlias(c sql.Column) bool { return c.DefaultKind == "ALIAS" }

// mendView puts the right view in place of one that is not.
func (m *migration) mendView(ctx context.Context, o sql.Object, have, want *description, change *Change) error {
	if have.create == want.create {
		return nil
	}
	change.Action = Replaced
	change.Drift = append(change.Drift, "definition was another")
	return m.exec(ctx, o.Replace())
}
