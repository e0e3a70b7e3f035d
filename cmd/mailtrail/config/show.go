package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Show writes the effective configuration as YAML that Load reads again, with secrets masked and, behind each value,
// where it came from.
func (l *Loaded) Show(w io.Writer) error {
	config := l.Config
	var out strings.Builder
	open := ""
	for _, k := range tableOf(&config).keys {
		section := k.path[:max(0, strings.LastIndexByte(k.path, '.'))]
		writeSections(&out, open, section)
		open = section
		value := yamlText(k.value)
		if k.isSecret() && !isEmpty(k.value) {
			value = `"` + masked + `"`
		}
		fmt.Fprintf(&out, "%s%s: %s  # %s\n", indent(k.path), lastName(k.path), value, l.origins[k.path])
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// AbsentFiles names, one a line, each key whose file does not exist. Load does not ask, since one configuration often
// serves several machines and a role only needs the files that it uses.
func (l *Loaded) AbsentFiles() []string {
	var absent []string
	for _, k := range tableOf(&l.Config).keys {
		_, isSecret := k.value.Interface().(SecretFile)
		if isEmpty(k.value) || !isSecret && k.tag.Get("file") != "true" {
			continue
		}
		path := plainText(k.value)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			absent = append(absent, fmt.Sprintf("%s: %s: the file %s does not exist", l.origins[k.path], k.path, path))
		}
	}
	return absent
}

// writeSections opens those sections on the way to section in which the last key did not stand.
func writeSections(out *strings.Builder, open, section string) {
	if section == "" {
		return
	}
	path := ""
	for name := range strings.SplitSeq(section, ".") {
		path = join(path, name)
		if open != path && !strings.HasPrefix(open, path+".") {
			fmt.Fprintf(out, "%s%s:\n", indent(path), name)
		}
	}
}

func indent(path string) string { return strings.Repeat("  ", strings.Count(path, ".")) }

// plainText is a value in the text form that the environment takes.
func plainText(value reflect.Value) string {
	if value.Kind() == reflect.Slice {
		items := make([]string, value.Len())
		for i := range items {
			items[i] = plainText(value.Index(i))
		}
		return strings.Join(items, ",")
	}
	if d, ok := value.Interface().(time.Duration); ok {
		return shortDuration(d)
	}
	return fmt.Sprint(value.Interface())
}

// shortDuration is 1m where time.Duration would say 1m0s.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// yamlText is a value as YAML on one line.
func yamlText(value reflect.Value) string {
	switch value.Kind() {
	case reflect.Slice:
		items := make([]string, value.Len())
		for i := range items {
			items[i] = yamlText(value.Index(i))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case reflect.Bool, reflect.Int:
		return plainText(value)
	}
	if waiver, ok := value.Interface().(Waiver); ok {
		return fmt.Sprintf("{object: %s, reason: %s}", quoted(waiver.Object), quoted(waiver.Reason))
	}
	return quoted(plainText(value))
}

// quoted is text as a YAML scalar that stands in a list as well: plain where the parser reads it back as the
// same text, quoted otherwise.
func quoted(text string) string {
	if root, err := parseYAML([]byte("[" + text + "]")); err == nil {
		if list, ok := root.(*ast.SequenceNode); ok && len(list.Values) == 1 {
			if plain, ok := list.Values[0].(*ast.StringNode); ok && plain.Value == text && !strings.ContainsAny(text, `"'#`) {
				return text
			}
		}
	}
	encoded, err := json.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(encoded)
}
