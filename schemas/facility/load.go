package facility

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
)

//go:embed facilities.tsv.gz
var builtinFacilities []byte

//go:embed zones.txt
var builtinZIPs []byte

//go:embed rules.txt.gz
var builtinRuleText []byte

// maxFile is the most that a file may hold once decompressed, in bytes: forty
// times the built-in table. It keeps a compressed bomb from filling the memory.
const maxFile = 64 << 20

// Builtin returns the table that comes with the program.
func Builtin() (*Table, error) {
	return load(bytes.NewReader(builtinFacilities), "built-in facility table")
}

// Parse reads a replacement table (plain text or gzip; the format is in the
// package's documentation). The section [facilities] must be there; where
// [zips] or [rules] is not, the built-in one is used ([rules] only together
// with [zips]). What is wrong with the
// text is a *[ParseError] that names line and column.
func Parse(r io.Reader) (*Table, error) {
	return load(r, "facility table")
}

// load reads a table and completes it with the built-in sections; what names
// the file in errors.
func load(r io.Reader, what string) (*Table, error) {
	d, err := readDocument(r, what)
	if err != nil {
		return nil, err
	}
	if d.facilities == nil {
		return nil, fmt.Errorf("%s: the section [facilities] is missing", what)
	}
	if d.rules != nil && d.zips == nil {
		return nil, fmt.Errorf("%s: it has a section [rules] but no [zips] (expected both, or no [rules])", what)
	}
	zips, rules := d.zips, d.rules
	if zips == nil {
		builtin, err := readDocument(bytes.NewReader(builtinZIPs), "built-in ZIP zones")
		if err != nil {
			return nil, err
		}
		zips = builtin.zips
	}
	// A file's own rules are all kept, so that a table that was stored with the
	// zones of devices has them again.
	var kept []string
	if rules == nil {
		if rules, err = builtinRules(); err != nil {
			return nil, err
		}
	} else {
		for _, rule := range rules.rules {
			kept = append(kept, strings.Fields(rule.names)...)
		}
	}
	t, err := newTable(d.facilities, zips, rules, kept)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return t, nil
}

// builtinRules are the rules of all IANA zones.
func builtinRules() (*ruleSection, error) {
	d, err := readDocument(bytes.NewReader(builtinRuleText), "built-in zone rules")
	if err != nil {
		return nil, err
	}
	return d.rules, nil
}

func readDocument(r io.Reader, what string) (*document, error) {
	text, err := readText(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	d, err := parseDocument(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return d, nil
}

// readText reads all of a file, decompressed where it begins as gzip does.
func readText(r io.Reader) (string, error) {
	raw, err := readBounded(r)
	if err != nil || !bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		return string(raw), err
	}
	unzip, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return "", fmt.Errorf("decompress: %w", err)
	}
	raw, err = readBounded(unzip)
	return string(raw), err
}

func readBounded(r io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if len(raw) > maxFile {
		return nil, fmt.Errorf("read: the file is over %d MiB", maxFile>>20)
	}
	return raw, nil
}
