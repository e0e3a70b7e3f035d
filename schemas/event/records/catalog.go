package records

import (
	"bytes"
	"embed"
	"fmt"
	"maps"
	"slices"
)

//go:embed *.yaml
var builtin embed.FS

// Catalog is all kinds, checked.
type Catalog struct {
	kinds   []Kind
	byName  map[string]*Kind
	keys    map[string]map[string]string // by system: the notice's words for each key
	sources map[string][]byte
}

// Builtin returns the kinds that come with the program.
func Builtin() *Catalog {
	sources := map[string][]byte{}
	entries, err := builtin.ReadDir(".")
	for _, entry := range entries {
		if err == nil {
			sources[entry.Name()], err = builtin.ReadFile(entry.Name())
		}
	}
	var c *Catalog
	if err == nil {
		c, err = Parse(sources)
	}
	if err != nil {
		panic("the built-in kinds of records are wrong: " + err.Error())
	}
	return c
}

// Parse reads and checks files of kinds, by name. The error is [Mistakes] with every mistake that was found.
func Parse(sources map[string][]byte) (*Catalog, error) {
	c := &Catalog{byName: map[string]*Kind{}, keys: map[string]map[string]string{}, sources: map[string][]byte{}}
	var mistakes Mistakes
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		c.sources[name] = bytes.Clone(sources[name])
		f, wrong := readFile(name, sources[name])
		mistakes = append(mistakes, wrong...)
		if f == nil {
			continue
		}
		c.keys[f.System] = f.Keys
		for i := range f.Kinds {
			f.Kinds[i].System, f.Kinds[i].Notice = f.System, f.Notice
		}
		mistakes = append(mistakes, f.check(name)...)
		c.kinds = append(c.kinds, f.Kinds...)
	}
	for i := range c.kinds {
		k := &c.kinds[i]
		if first := c.byName[k.Name]; first != nil {
			mistakes = append(mistakes, Mistake{Line: k.line, Key: "kind", Problem: fmt.Sprintf("%q stands twice, in %s too", k.Name, first.System)})
		}
		c.byName[k.Name] = k
		k.index()
	}
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("kinds of records: %w", mistakes)
	}
	return c, nil
}

// index makes what look-ups need.
func (k *Kind) index() {
	k.places, k.captured = make(map[string]int, len(k.Fields)), -1
	for i := range k.Fields {
		k.places[k.Fields[i].Name] = i
		if k.Fields[i].Name == k.Captured && k.Captured != "" {
			k.captured = i
		}
	}
}

// Sources returns the files that were parsed; Parse of them gives the same catalog.
func (c *Catalog) Sources() map[string][]byte { return c.sources }

// Files returns the names of the files, sorted.
func (c *Catalog) Files() []string { return slices.Sorted(maps.Keys(c.sources)) }

// Kinds returns all kinds, in the order of their files.
func (c *Catalog) Kinds() []Kind { return c.kinds }

// Kind returns the kind of that name, nil where there is none.
func (c *Catalog) Kind(name string) *Kind { return c.byName[name] }

// KeyWords returns what the notice of a system calls a retrieval key.
func (c *Catalog) KeyWords(system, key string) string { return c.keys[system][key] }

// Names returns the names of all kinds, sorted.
func (c *Catalog) Names() []string { return slices.Sorted(maps.Keys(c.byName)) }
