package records

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// file is one file of kinds.
type file struct {
	// System is the system of records, Notice the name under which it is cited.
	System string `yaml:"system"`
	Notice string `yaml:"notice"`
	// Keys are the retrieval keys of the notice: our names and its words.
	Keys  map[string]string `yaml:"keys"`
	Kinds []Kind            `yaml:"kinds"`
}

// maxSource bounds a file in bytes: far above any real one.
const maxSource = 1 << 20

// readFile fills a file from its text. An unknown key, one that stands twice and a value of another type are mistakes.
func readFile(name string, source []byte) (f *file, found Mistakes) {
	// The parser is another project's code over a person's typing: should it
	// trip over something, the answer is a mistake and not the end of the program.
	defer func() {
		if recover() != nil {
			f, found = nil, Mistakes{{File: name, Problem: "it is not YAML that can be read"}}
		}
	}()
	if len(source) > maxSource {
		return nil, Mistakes{{File: name, Problem: fmt.Sprintf("it has %d bytes, expected at most %d", len(source), maxSource)}}
	}
	f = &file{}
	if err := yaml.UnmarshalWithOptions(source, f, yaml.Strict()); err != nil {
		return nil, Mistakes{mistakeOf(name, err)}
	}
	return f, nil
}

// mistakeOf turns the parser's error into ours: line, key, value, and what was expected.
func mistakeOf(name string, err error) Mistake {
	m := Mistake{File: name, Problem: err.Error()}
	var located interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if !errors.As(err, &located) {
		return m
	}
	m.Problem = located.GetMessage()
	t := located.GetToken()
	if t == nil || t.Position == nil {
		return m
	}
	m.Line = t.Position.Line
	var unknown *yaml.UnknownFieldError
	switch {
	case errors.As(err, &unknown):
		m.Key, m.Problem = t.Value, "unknown key, expected one that README.md describes"
	case strings.HasPrefix(m.Problem, "cannot unmarshal"):
		m.Problem = fmt.Sprintf("%q: %s", t.Value, m.Problem)
	}
	return m
}

// UnmarshalYAML notes the line of the kind.
func (k *Kind) UnmarshalYAML(node ast.Node) error {
	type plain Kind
	k.line = firstLine(node)
	return yaml.NodeToValue(node, (*plain)(k), yaml.Strict())
}

// UnmarshalYAML notes the line of the field. Without a sensitivity it is none.
func (f *Field) UnmarshalYAML(node ast.Node) error {
	type plain Field
	f.line, f.Sensitivity = firstLine(node), Plain
	return yaml.NodeToValue(node, (*plain)(f), yaml.Strict())
}

// firstLine is the line where a mapping begins.
func firstLine(node ast.Node) int {
	if m, ok := node.(*ast.MappingNode); ok && len(m.Values) > 0 {
		node = m.Values[0].Key
	}
	if t := node.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}
