package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxDocument bounds the file in bytes: far above any real configuration, and low enough that the parser's
// recursion into nested brackets stays harmless.
const maxDocument = 256 << 10

// readFile takes in the YAML file.
func (l *loader) readFile(path string) {
	origin := Origin{Source: FromFile, Name: path}
	content, err := os.ReadFile(path)
	if err != nil {
		reason := err
		var pathError *os.PathError
		if errors.As(err, &pathError) {
			reason = pathError.Err
		}
		l.add(Mistake{Origin: origin, Problem: Unreadable, Value: reason.Error(), Expected: "a YAML file that this user may read", Try: "another path for --config or " + configVariable + ", or none for the defaults"})
		return
	}
	l.readDocument(path, content)
}

// readDocument takes in the YAML text of the file called name.
func (l *loader) readDocument(name string, content []byte) {
	origin := Origin{Source: FromFile, Name: name}
	if len(content) > maxDocument {
		l.add(Mistake{Origin: origin, Problem: Unreadable, Expected: fmt.Sprintf("at most %d bytes", maxDocument), Try: "the configuration's own file"})
		return
	}
	root, err := parseYAML(content)
	if err != nil {
		var syntax *syntaxError
		if errors.As(err, &syntax) {
			origin.Line, origin.Column = syntax.line, syntax.column
		}
		l.add(Mistake{Origin: origin, Problem: NotYAML, Expected: "YAML (" + err.Error() + ")", Try: "indent with spaces, one `key: value` a line, and quote a value that holds : # { } [ ] or ,"})
		return
	}
	if root != nil {
		l.readSection("", root, origin)
	}
}

// syntaxError is the parser's complaint without the source text that it likes to quote, which may hold a secret.
type syntaxError struct {
	message      string
	line, column int
}

func (e *syntaxError) Error() string { return e.message }

// parseYAML is the root of the only document in content; nil when there is none.
func parseYAML(content []byte) (root ast.Node, err error) {
	// The parser is another project's code over a person's typing: should it trip over something, the answer is
	// an error about the file and not the end of the program.
	defer func() {
		if recover() != nil {
			root, err = nil, &syntaxError{message: "the parser cannot make sense of it"}
		}
	}()
	file, err := parser.ParseBytes(content, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, withoutSource(err)
	}
	for _, document := range file.Docs {
		if document.Body == nil {
			continue
		}
		if root != nil {
			return nil, &syntaxError{message: "it should be one document, without a second part after ---"}
		}
		root = document.Body
	}
	return root, nil
}

func withoutSource(err error) error {
	var located interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if !errors.As(err, &located) {
		return &syntaxError{message: "the parser cannot make sense of it"}
	}
	found := &syntaxError{message: "the parser cannot make sense of it"}
	// Messages that quote more than one letter of what was written, in double quotes, are not passed on.
	if message := located.GetMessage(); !strings.ContainsAny(message, "\"\n") && len(message) <= maxShown {
		found.message = message
	}
	if t := located.GetToken(); t != nil && t.Position != nil {
		found.line, found.column = t.Position.Line, t.Position.Column
	}
	return found
}

// readSection takes in a mapping whose keys belong to section; origin is the place of the section itself.
func (l *loader) readSection(section string, node ast.Node, origin Origin) {
	if _, empty := node.(*ast.NullNode); empty {
		return // a section whose keys are all commented out
	}
	pairs, ok := pairsOf(node)
	if !ok {
		l.add(Mistake{Key: section, Origin: at(origin, node), Problem: WrongType, Value: shown(section, describe(node)),
			Expected: "a mapping of " + strings.Join(l.table.sections[section], ", "), Try: "one `key: value` a line"})
		return
	}
	seen := map[string]Origin{}
	for _, pair := range pairs {
		name := describe(pair.Key)
		path, place := join(section, name), at(origin, pair.Key)
		if first, twice := seen[path]; twice {
			l.add(Mistake{Key: path, Origin: place, Problem: DuplicateKey, Expected: fmt.Sprintf("it once; it stands on line %d too", first.Line), Try: "keep one of the two"})
			continue
		}
		seen[path] = place
		l.readPair(path, pair.Value, place)
	}
}

// readPair takes in one key's value; origin is the place of the key.
func (l *loader) readPair(path string, value ast.Node, origin Origin) {
	_, isSection := l.table.sections[path]
	k, isKey := l.table.byPath[path]
	switch {
	case isSection:
		l.readSection(path, value, origin)
	case isKey:
		l.readValue(k, value, origin)
	default:
		l.unknown(path, scalarText(value), origin)
	}
}

// readValue sets a key from its node.
func (l *loader) readValue(k key, node ast.Node, origin Origin) {
	place := at(origin, node)
	if err := k.setNode(node); err != nil {
		if item, ok := errors.AsType[*itemError](err); ok {
			node, err = item.node, item.reason
			place = at(origin, node)
		}
		l.wrong(k, place, describe(node), err)
		return
	}
	l.origins[k.path] = place
}

// pairsOf are the key-value pairs of a mapping.
func pairsOf(node ast.Node) ([]*ast.MappingValueNode, bool) {
	switch node := node.(type) {
	case *ast.MappingNode:
		return node.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{node}, true
	default:
		return nil, false
	}
}

// scalarText is the text of a scalar as it counts; "" for anything else.
func scalarText(node ast.Node) string {
	switch node := node.(type) {
	case *ast.StringNode:
		return node.Value
	case *ast.LiteralNode:
		return strings.TrimRight(node.Value.Value, "\n")
	case *ast.IntegerNode:
		return fmt.Sprint(node.Value)
	case *ast.BoolNode:
		return fmt.Sprint(node.Value)
	case *ast.FloatNode:
		return node.Token.Value
	default:
		return ""
	}
}

// describe is the text of a scalar, or the kind of anything else in words.
func describe(node ast.Node) string {
	switch node.(type) {
	case nil, *ast.NullNode:
		return ""
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.AliasNode, *ast.AnchorNode, *ast.MergeKeyNode:
		return "an anchor or alias, which is not taken here"
	case *ast.TagNode:
		return "a tag, which is not taken here"
	default:
		return scalarText(node)
	}
}

// at is origin moved to the node's own place in the same file, where the node has one.
func at(origin Origin, node ast.Node) Origin {
	switch node.(type) {
	case nil, *ast.NullNode, *ast.MappingNode, *ast.MappingValueNode:
		return origin // these have no token of their own, or one behind the key
	}
	if t := node.GetToken(); t != nil && t.Position != nil {
		origin.Line, origin.Column = t.Position.Line, t.Position.Column
	}
	return origin
}
