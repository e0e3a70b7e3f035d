package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Options are where Load looks.
type Options struct {
	// File is the YAML file of --config; empty means the one that MAILTRAIL_CONFIG names, or none.
	File string
	// Environ is the environment as os.Environ gives it.
	Environ []string
	// Flags are the values given by flags; a later one wins.
	Flags []Setting
}

// Setting is one value given by a flag.
type Setting struct {
	// Flag is the flag's name with its dashes, for mistakes and for `config show`.
	Flag string
	// Key is the full key, such as kafka.brokers.
	Key string
	// Value is the text form, as in the environment.
	Value string
}

// Loaded is a configuration without mistakes, and where each of its values came from.
type Loaded struct {
	Config
	// File is the YAML file that was read; empty when there was none.
	File    string
	origins map[string]Origin
}

// Origin is where the value of a key came from.
func (l *Loaded) Origin(key string) Origin { return l.origins[key] }

// Load reads defaults, file, environment and flags, in this order, and checks the result.
// The error is always a Mistakes that holds everything found.
func Load(options Options) (*Loaded, error) {
	environment := environmentOf(options.Environ)
	file := options.File
	if file == "" {
		file = environment[configVariable]
	}
	l := newLoader()
	l.loaded.File = file
	if file != "" {
		l.readFile(file)
	}
	l.readEnvironment(environment)
	for _, setting := range options.Flags {
		l.readFlag(setting)
	}
	return l.finish()
}

// loader gathers values and mistakes.
type loader struct {
	loaded   *Loaded
	table    *table
	origins  map[string]Origin
	mistakes Mistakes
}

// newLoader begins with the defaults. Their text stands in struct tags, so one that does not parse is
// reported like any other mistake; a test holds that none does.
func newLoader() *loader {
	loaded := &Loaded{origins: map[string]Origin{}}
	l := &loader{loaded: loaded, table: tableOf(&loaded.Config), origins: loaded.origins}
	for _, k := range l.table.keys {
		l.origins[k.path] = Origin{}
		if text, ok := k.tag.Lookup("default"); ok {
			if err := k.setText(text); err != nil {
				l.wrong(k, Origin{}, text, err)
			}
		}
	}
	return l
}

func (l *loader) finish() (*Loaded, error) {
	l.checkTogether()
	if len(l.mistakes) > 0 {
		return nil, l.mistakes
	}
	return l.loaded, nil
}

func (l *loader) add(mistake Mistake) { l.mistakes = append(l.mistakes, mistake) }

// wrong reports a value that its key does not take.
func (l *loader) wrong(k key, origin Origin, value string, err error) {
	found := &expectation{problem: WrongValue, expected: err.Error()}
	errors.As(err, &found)
	try := found.try
	if fallback, ok := k.tag.Lookup("default"); ok && try == "" {
		try = fallback + " (the default)"
	}
	if try == "" {
		try = found.expected
	}
	if shown(k.path, value) == masked {
		try = "the name of a file that holds the secret alone"
	}
	l.add(Mistake{Key: k.path, Origin: origin, Problem: found.problem, Value: shown(k.path, value), Expected: found.expected, Try: try})
}

// unknown reports a key that is none, with the one that was most likely meant.
func (l *loader) unknown(path, value string, origin Origin) {
	mistake := Mistake{Key: path, Origin: origin, Problem: UnknownKey, Value: shown(path, value)}
	if meant := l.table.nearest(path); meant != "" {
		mistake.Try = meant
		mistake.Value = shown(path+" "+meant, value)
	}
	section := path
	for {
		section = section[:max(0, strings.LastIndexByte(section, '.'))]
		if names, ok := l.table.sections[section]; ok {
			mistake.Expected = "one of " + strings.Join(names, ", ")
			break
		}
	}
	if mistake.Try == "" {
		mistake.Try = "remove it, or one of the keys named; `mailtrail config show` prints all of them"
	}
	l.add(mistake)
}

// readFlag takes in one flag.
func (l *loader) readFlag(setting Setting) {
	origin := Origin{Source: FromFlag, Name: setting.Flag}
	l.readText(setting.Key, setting.Value, origin)
}

// readText sets a key from text.
func (l *loader) readText(path, value string, origin Origin) {
	k, ok := l.table.byPath[path]
	if !ok {
		l.unknown(path, value, origin)
		return
	}
	if err := k.setText(value); err != nil {
		l.wrong(k, origin, value, err)
		return
	}
	l.origins[path] = origin
}

// environmentOf are the variables of ours, by name.
func environmentOf(environ []string) map[string]string {
	found := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, envPrefix) {
			found[name] = value
		}
	}
	return found
}

// readEnvironment sets keys from variables, in the order of the keys, and then names variables that look like
// a key and are none.
func (l *loader) readEnvironment(environment map[string]string) {
	known := map[string]bool{configVariable: true}
	for _, k := range l.table.keys {
		name := k.variable()
		known[name] = true
		if value, set := environment[name]; set {
			l.readText(k.path, value, Origin{Source: FromEnvironment, Name: name})
		}
	}
	var strangers []string
	for name := range environment {
		if !known[name] {
			strangers = append(strangers, name)
		}
	}
	slices.Sort(strangers)
	for _, name := range strangers {
		l.readStranger(name, environment[name])
	}
}

// readStranger reports a variable that was most likely meant as a key: one in a section of ours or one
// slip away from a key. Others belong to somebody else, as do the addresses of services that Kubernetes puts into
// every container's environment (MAILTRAIL_GATEWAY_SERVICE_HOST, MAILTRAIL_GATEWAY_PORT_8441_TCP ...).
func (l *loader) readStranger(name, value string) {
	if strings.Contains(name, "_SERVICE_HOST") || strings.Contains(name, "_SERVICE_PORT") || strings.HasSuffix(name, "_PORT") || strings.Contains(name, "_PORT_") {
		return
	}
	nearest, nearestDistance := "", 3
	for _, k := range l.table.keys {
		if d := distance(name, k.variable()); d < nearestDistance {
			nearest, nearestDistance = k.variable(), d
		}
	}
	section, _, nested := strings.Cut(strings.ToLower(strings.TrimPrefix(name, envPrefix)), "_")
	if _, ours := l.table.sections[section]; nearest == "" && !(nested && ours) {
		return
	}
	if nearest == "" {
		nearest = "unset " + name + "; `mailtrail config show` prints every key"
	}
	l.add(Mistake{Key: strings.ToLower(strings.TrimPrefix(name, envPrefix)), Origin: Origin{Source: FromEnvironment, Name: name}, Problem: UnknownKey,
		Value: shown(name+nearest, value), Expected: fmt.Sprintf("%sSECTION_KEY of a known key", envPrefix), Try: nearest})
}
