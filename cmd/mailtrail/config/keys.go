package config

import (
	"reflect"
	"strings"
)

// key is one leaf of the configuration: its full name, its place in a Config and its tags.
type key struct {
	path  string
	value reflect.Value
	tag   reflect.StructTag
}

// envPrefix begins every environment variable of ours.
const envPrefix = "MAILTRAIL_"

// configVariable names the file; it is not a key.
const configVariable = envPrefix + "CONFIG"

// variable is the key's environment variable.
func (k key) variable() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(k.path, ".", "_"))
}

// isSecret says that the value is masked wherever it is printed.
func (k key) isSecret() bool { return k.tag.Get("secret") == "true" }

// table is every key of one Config, in the order of the struct.
type table struct {
	keys   []key
	byPath map[string]key
	// sections maps each section's path ("" is the document) to the names directly under it.
	sections map[string][]string
}

// tableOf lists the keys of c; setting a key's value changes c.
func tableOf(c *Config) *table {
	t := &table{byPath: map[string]key{}, sections: map[string][]string{}}
	t.add("", reflect.ValueOf(c).Elem())
	return t
}

func (t *table) add(section string, value reflect.Value) {
	for i := range value.NumField() {
		field := value.Type().Field(i)
		name := field.Tag.Get("key")
		path := join(section, name)
		t.sections[section] = append(t.sections[section], name)
		if isSection(field.Type) {
			t.add(path, value.Field(i))
			continue
		}
		if secret, ok := value.Field(i).Addr().Interface().(*SecretFile); ok {
			secret.key = path
		}
		k := key{path: path, value: value.Field(i), tag: field.Tag}
		t.keys = append(t.keys, k)
		t.byPath[path] = k
	}
}

// isSection tells a struct of further keys from a struct that is one value.
func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[SecretFile]()
}

func join(section, name string) string {
	if section == "" {
		return name
	}
	return section + "." + name
}

func lastName(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }
