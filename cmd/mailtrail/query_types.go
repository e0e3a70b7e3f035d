package main

import "strings"

// clickhouseType is a type's name taken apart: DateTime64(3, 'UTC') has the base DateTime64 and two parts.
type clickhouseType struct {
	base  string
	parts []string
}

// parseType takes the name of a type apart. What only wraps a type (Nullable, LowCardinality, SimpleAggregateFunction) is
// taken off.
func parseType(name string) clickhouseType {
	base, rest, ok := strings.Cut(name, "(")
	if !ok {
		return clickhouseType{base: name}
	}
	parts := splitParts(strings.TrimSuffix(rest, ")"))
	switch base {
	case "Nullable", "LowCardinality", "SimpleAggregateFunction":
		return parseType(parts[len(parts)-1])
	}
	return clickhouseType{base, parts}
}

// part is the part at i, nothing where there is none.
func (t clickhouseType) part(i int) string {
	if i >= len(t.parts) {
		return ""
	}
	return t.parts[i]
}

// splitParts cuts at commas that stand neither in brackets nor in quotes.
func splitParts(text string) (parts []string) {
	depth, start, quote := 0, 0, byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0 && c == '\\':
			i++ // the next is escaped
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '`':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			parts, start = append(parts, strings.TrimSpace(text[start:i])), i+1
		}
	}
	return append(parts, strings.TrimSpace(text[start:]))
}

// nameAndType takes an element of a tuple with names apart.
func nameAndType(element string) (name, typeName string) {
	if strings.HasPrefix(element, "`") {
		if end := strings.LastIndex(element, "` "); end > 0 {
			return strings.NewReplacer("\\`", "`", `\\`, `\`).Replace(element[1:end]), element[end+2:]
		}
	}
	name, typeName, _ = strings.Cut(element, " ")
	return name, typeName
}
