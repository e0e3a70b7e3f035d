package retention

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxSource bounds a schedule in bytes: far above any real one.
const maxSource = 1 << 20

// lines are where an item of a list and its keys stand; the item's own line is
// under the empty key.
type lines map[string]int

// layout is where everything stands: for each list, for each of its items.
type layout map[string][]lines

// read fills the schedule from its text. What cannot be read is a mistake with
// its line; the rest is read on.
func (s *Schedule) read(source []byte) (places layout, found Mistakes) {
	if len(source) > maxSource {
		return nil, Mistakes{{Problem: fmt.Sprintf("it has %d bytes, expected at most %d", len(source), maxSource)}}
	}
	root, mistake := parse(source)
	if mistake != nil {
		return nil, Mistakes{*mistake}
	}
	places = layout{}
	seen := map[string]bool{}
	for _, pair := range pairsOf(root) {
		name, line := pair.Key.GetToken().Value, lineOf(pair.Key)
		list := fieldNamed(reflect.ValueOf(s).Elem(), name)
		items, isList := pair.Value.(*ast.SequenceNode)
		switch {
		case !list.IsValid():
			found = append(found, Mistake{Key: name, Line: line, Problem: "unknown key, expected " + fieldNames(reflect.TypeFor[Schedule]())})
		case seen[name]:
			found = append(found, Mistake{Key: name, Line: line, Problem: "it stands twice"})
		case !isList:
			found = append(found, Mistake{Key: name, Line: line, Problem: "expected a list"})
		default:
			at, wrong := readItems(list, items)
			places[name], found = at, append(found, wrong...)
		}
		seen[name] = true
	}
	return places, found
}

// parse returns the root of the text, a mapping.
func parse(source []byte) (root ast.Node, mistake *Mistake) {
	// The parser is another project's code over a person's typing: should it
	// trip over something, the answer is a mistake and not the end of the program.
	defer func() {
		if recover() != nil {
			root, mistake = nil, &Mistake{Problem: "it is not YAML that can be read"}
		}
	}()
	file, err := parser.ParseBytes(source, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, notYAML(err)
	}
	if len(file.Docs) != 1 || pairsOf(file.Docs[0].Body) == nil {
		return nil, &Mistake{Problem: "expected one YAML document with the lists " + fieldNames(reflect.TypeFor[Schedule]())}
	}
	return file.Docs[0].Body, nil
}

func notYAML(err error) *Mistake {
	mistake := &Mistake{Problem: "it is not YAML"}
	var located interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &located) {
		mistake.Problem += ": " + located.GetMessage()
		if t := located.GetToken(); t != nil && t.Position != nil {
			mistake.Line = t.Position.Line
		}
	}
	return mistake
}

// readItems fills a list of rows.
func readItems(list reflect.Value, items *ast.SequenceNode) (places []lines, found Mistakes) {
	for _, node := range items.Values {
		item := reflect.New(list.Type().Elem()).Elem()
		at := lines{"": lineOf(node)}
		var wrong Mistakes
		pairs := pairsOf(node)
		if pairs == nil {
			wrong = append(wrong, Mistake{Line: at[""], Problem: "expected a mapping of " + fieldNames(item.Type())})
		}
		for i, pair := range pairs {
			name, line := pair.Key.GetToken().Value, lineOf(pair.Key)
			if i == 0 {
				at[""] = line
			}
			_, twice := at[name]
			at[name] = line
			field := fieldNamed(item, name)
			switch {
			case !field.IsValid():
				wrong = append(wrong, Mistake{Key: name, Line: line, Problem: "unknown key, expected one of " + fieldNames(item.Type())})
			case twice:
				wrong = append(wrong, Mistake{Key: name, Line: line, Problem: "it stands twice"})
			default:
				if problem := setField(field, pair.Value); problem != "" {
					wrong = append(wrong, Mistake{Key: name, Line: line, Problem: problem})
				}
			}
		}
		for i := range wrong {
			wrong[i].Row = item.Field(0).String() // class, rule or topic
		}
		list.Set(reflect.Append(list, item))
		places, found = append(places, at), append(found, wrong...)
	}
	return places, found
}

// setField sets a field from its node, and says what is wrong with it.
func setField(field reflect.Value, node ast.Node) string {
	if node.Type() == ast.NullType {
		return "expected a value"
	}
	if limit, ok := field.Addr().Interface().(interface{ UnmarshalText([]byte) error }); ok {
		if err := limit.UnmarshalText([]byte(node.GetToken().Value)); err != nil {
			return err.Error()
		}
		return ""
	}
	if err := yaml.NodeToValue(node, field.Addr().Interface(), yaml.Strict()); err != nil {
		return fmt.Sprintf("%q: expected %s", node.GetToken().Value, expectedOf(field.Type()))
	}
	return ""
}

func expectedOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list of names"
	}
	return "a text"
}

// fieldNamed is the field of a struct with the YAML key; the zero Value where there is none.
func fieldNamed(in reflect.Value, key string) reflect.Value {
	for i := range in.NumField() {
		if tag := in.Type().Field(i).Tag.Get("yaml"); tag != "" && tag == key {
			return in.Field(i)
		}
	}
	return reflect.Value{}
}

func fieldNames(t reflect.Type) string {
	var names []string
	for i := range t.NumField() {
		if tag := t.Field(i).Tag.Get("yaml"); tag != "" {
			names = append(names, tag)
		}
	}
	return strings.Join(names, ", ")
}

// pairsOf are the pairs of a mapping, nil for anything else.
func pairsOf(node ast.Node) []*ast.MappingValueNode {
	switch node := node.(type) {
	case *ast.MappingNode:
		return slices.Clone(node.Values)
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{node}
	}
	return nil
}

func lineOf(node ast.Node) int {
	if t := node.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}
