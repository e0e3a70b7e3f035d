package config

import (
	"fmt"
	"reflect"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// itemError is an error about one item of a list.
type itemError struct {
	node   ast.Node
	reason error
}

func (e *itemError) Error() string { return e.reason.Error() }

// setNode sets the key from a YAML node. On an error the key keeps the value it had.
func (k key) setNode(node ast.Node) error {
	if node == nil || node.Type() == ast.NullType {
		return &expectation{problem: MissingValue, expected: typeName(k.value.Type())}
	}
	fresh := k.copy()
	if fresh.Kind() != reflect.Slice {
		if err := setScalarNode(fresh, node); err != nil {
			return err
		}
		return k.accept(fresh)
	}
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		return &expectation{problem: WrongType, expected: typeName(fresh.Type()), try: "[" + describe(node) + "]"}
	}
	fresh.SetZero()
	for _, item := range list.Values {
		item = unsplit(item)
		element := reflect.New(fresh.Type().Elem()).Elem()
		if err := setItem(element, item); err != nil {
			return &itemError{item, err}
		}
		fresh.Set(reflect.Append(fresh, element))
	}
	return k.accept(fresh)
}

// unsplit mends an item such as 127.0.0.1:9092 in a list within {}: YAML takes a colon as the end of a key only where
// a space follows, but the parser splits this one into a mapping.
func unsplit(node ast.Node) ast.Node {
	pairs, ok := pairsOf(node)
	if !ok || len(pairs) != 1 || scalarText(pairs[0].Value) == "" {
		return node
	}
	first, colon, last := pairs[0].Key.GetToken(), pairs[0].Start, pairs[0].Value.GetToken()
	if colon.Position.Column != first.Position.Column+len(first.Value) || last.Position.Column != colon.Position.Column+1 || last.Position.Line != first.Position.Line {
		return node
	}
	whole := token.New(first.Value+":"+last.Value, first.Origin, first.Position)
	return &ast.StringNode{BaseNode: &ast.BaseNode{}, Token: whole, Value: whole.Value}
}

func setItem(element reflect.Value, node ast.Node) error {
	if waiver, ok := element.Addr().Interface().(*Waiver); ok {
		return waiver.setNode(node)
	}
	if scalarText(node) == "" {
		return &expectation{problem: MissingValue, expected: "no empty item in a list"}
	}
	return setScalarNode(element, node)
}

// setNode reads {object, reason}: a waiver without a reason in writing is none.
func (w *Waiver) setNode(node ast.Node) error {
	wrong := &expectation{problem: WrongValue, expected: "a mapping with object and reason, both text", try: `{object: NAME, reason: "why nobody needs to look"}`}
	pairs, ok := pairsOf(node)
	if !ok {
		return wrong
	}
	for _, pair := range pairs {
		text := scalarText(pair.Value)
		switch name := describe(pair.Key); {
		case name == "object" && w.Object == "":
			w.Object = text
		case name == "reason" && w.Reason == "":
			w.Reason = text
		default:
			return wrong
		}
	}
	if w.Object == "" || w.Reason == "" {
		return wrong
	}
	return nil
}

// setYAMLText sets a key from YAML in one line: how a list of mappings is given outside of a file.
func (k key) setYAMLText(text string) error {
	if text == "" {
		k.value.SetZero()
		return nil
	}
	node, err := parseYAML([]byte(text))
	if err == nil {
		err = k.setNode(node)
	}
	if err != nil {
		return &expectation{problem: WrongValue, expected: "a list in YAML", try: `[{object: NAME, reason: "why nobody needs to look"}]`}
	}
	return nil
}

// setScalarNode sets one value, and holds YAML's own types against the key's: text is not a number, a number not text.
func setScalarNode(value reflect.Value, node ast.Node) error {
	_, isText := value.Addr().Interface().(*string)
	wrong := &expectation{problem: WrongType, expected: typeName(value.Type())}
	switch node := node.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		if value.Kind() == reflect.Int || value.Kind() == reflect.Bool {
			if setScalar(value, scalarText(node)) == nil {
				wrong.try = scalarText(node) + " (without quotes)"
			} else if value.Kind() == reflect.Bool {
				return setScalar(value, scalarText(node))
			}
			return wrong
		}
		return setScalar(value, scalarText(node))
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		_, isSecret := value.Addr().Interface().(*SecretFile)
		if isText || isSecret {
			wrong.try = fmt.Sprintf("%q (in quotes)", scalarText(node))
			return wrong
		}
		if _, isFloat := node.(*ast.FloatNode); isFloat && value.Type() != reflect.TypeFor[time.Duration]() {
			return wrong
		}
		return setScalar(value, scalarText(node))
	default:
		return wrong
	}
}
