package sql

import (
	"fmt"
	"strings"
)

// Column is a column as the server describes it.
type Column struct {
	Name, Type                     string
	DefaultKind, DefaultExpression string
	Codec, Comment                 string
}

func (c Column) definition() string {
	text := quote(c.Name) + " " + c.Type
	if c.DefaultKind != "" {
		text += " " + c.DefaultKind + " " + c.DefaultExpression
	}
	text += " COMMENT " + literal(c.Comment)
	if c.Codec != "" {
		text += " " + c.Codec
	}
	return text
}

// Index is an index that says which granules can be passed over, as the server describes it.
type Index struct {
	Name, Expression, Type string
	Granularity            uint64 // granules of the table under one of the index
}

// CreateDatabase makes a database.
func CreateDatabase(name string) string { return "CREATE DATABASE IF NOT EXISTS " + name }

// Replace turns the statement that creates a view into one that puts it in
// place of the view that is there, at once. Comments may stand before it.
func (o Object) Replace() string {
	statement := o.Create
	for strings.HasPrefix(statement, "--") {
		_, statement, _ = strings.Cut(statement, "\n")
	}
	return "CREATE OR REPLACE " + strings.TrimPrefix(statement, "CREATE ")
}

// DropDraft removes the draft, if it is there.
func (o Object) DropDraft(data string) string {
	kind := "TABLE"
	if o.Kind != Table {
		kind = "VIEW"
	}
	return "DROP " + kind + " IF EXISTS " + data + "." + o.DraftName + " SYNC"
}

func (o Object) alter() string { return "ALTER TABLE " + o.Database + "." + o.Name + " " }

// AddColumn adds a column behind another, or as the first where after is empty.
func (o Object) AddColumn(c Column, after string) string {
	place := " FIRST"
	if after != "" {
		place = " AFTER " + quote(after)
	}
	return o.alter() + "ADD COLUMN " + c.definition() + place
}

// ModifyColumn gives a column another type, default, codec or comment.
func (o Object) ModifyColumn(c Column) string { return o.alter() + "MODIFY COLUMN " + c.definition() }

// AddIndex adds an index, which parts have from their insert or next merge on.
func (o Object) AddIndex(i Index) string {
	return fmt.Sprintf("%sADD INDEX %s %s TYPE %s GRANULARITY %d", o.alter(), quote(i.Name), i.Expression, i.Type, i.Granularity)
}

// DropIndex takes an index away.
func (o Object) DropIndex(name string) string { return o.alter() + "DROP INDEX " + quote(name) }

// ModifyTTL gives the table another expiry, and computes that of the parts it has anew.
func (o Object) ModifyTTL(ttl string) string {
	if ttl == "" {
		return o.alter() + "REMOVE TTL"
	}
	return o.alter() + "MODIFY TTL " + ttl + " SETTINGS materialize_ttl_after_modify = 1"
}

// ModifySettings gives the table other settings.
func (o Object) ModifySettings(settings string) string {
	return o.alter() + "MODIFY SETTING " + settings
}

// ModifyComment gives the table another comment.
func (o Object) ModifyComment(comment string) string {
	return o.alter() + "MODIFY COMMENT " + literal(comment)
}

// DropEdition removes an edition of the facility table.
func (s *SQL) DropEdition(edition string) string {
	return "ALTER TABLE " + s.names.Data() + ".facilities DROP PARTITION " + literal(edition)
}
