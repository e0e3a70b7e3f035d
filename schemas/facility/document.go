package facility

import (
	"fmt"
	"strings"
	"time"
)

// magic is the first line of every file of this format.
const magic = "mailtrail facility table 1"

// ParseError is what is wrong with a file, and where.
type ParseError struct {
	Line    int    // from 1
	Column  int    // of the field's first byte, from 1
	Field   string // what should stand there
	Problem string // what is wrong with it and what was expected
}

func (e *ParseError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s: %s", e.Line, e.Column, e.Field, e.Problem)
}

// document is a file's sections; those that it lacks are nil.
type document struct {
	facilities *facilitySection
	zips       *zipSection
	rules      *ruleSection
}

// section takes in the lines of one section of a file.
type section interface {
	// add reads one line that is not blank and no header; offset is where the
	// line begins in the text.
	add(line string, number, offset int) error
	// header is where the section's provenance goes.
	header() *Provenance
}

// parseDocument reads a file's text. The sections keep references to it.
func parseDocument(text string) (*document, error) {
	d := &document{}
	var current section
	var opened int // the line on which the current section began
	number := 0
	for offset := 0; offset < len(text); {
		number++
		line, rest := text[offset:], len(text)
		if end := strings.IndexByte(line, '\n'); end >= 0 {
			line, rest = line[:end], offset+end+1
		}
		line = strings.TrimSuffix(line, "\r")
		err := error(nil)
		switch {
		case number == 1:
			if line != magic {
				return nil, &ParseError{1, 1, "format", fmt.Sprintf("%.40q is not the first line of such a file (expected %q)", line, magic)}
			}
		case line == "":
		case line[0] == '[':
			if err = complete(current, opened); err == nil {
				current, err = d.open(text, line, number)
				opened = number
			}
		case current == nil:
			err = &ParseError{number, 1, "section", "a line before the first section (expected [facilities], [zips] or [rules])"}
		case line[0] == '@':
			err = setHeader(current.header(), line, number)
		default:
			err = current.add(line, number, offset)
		}
		if err != nil {
			return nil, err
		}
		offset = rest
	}
	if number == 0 {
		return nil, &ParseError{1, 1, "format", fmt.Sprintf("the file is empty (expected %q)", magic)}
	}
	if err := complete(current, opened); err != nil {
		return nil, err
	}
	return d, nil
}

// open begins the section that a line in brackets names.
func (d *document) open(text, line string, number int) (section, error) {
	twice := &ParseError{number, 1, "section", fmt.Sprintf("%.20s is there twice", line)}
	switch line {
	case "[facilities]":
		if d.facilities != nil {
			return nil, twice
		}
		d.facilities = &facilitySection{text: text}
		return d.facilities, nil
	case "[zips]":
		if d.zips != nil {
			return nil, twice
		}
		d.zips = &zipSection{}
		return d.zips, nil
	case "[rules]":
		if d.rules != nil {
			return nil, twice
		}
		d.rules = &ruleSection{byName: map[string]int{}}
		return d.rules, nil
	}
	return nil, &ParseError{number, 1, "section", fmt.Sprintf("%.20q is unknown (expected [facilities], [zips] or [rules])", line)}
}

// setHeader takes a line "@name TAB value".
func setHeader(p *Provenance, line string, number int) error {
	name, value, found := strings.Cut(line, "\t")
	if problem := badText(value, 1000); !found || problem != "" {
		return &ParseError{number, 1, "header", fmt.Sprintf("%.20q has no proper value (expected a tab and a printable text)", name)}
	}
	var field *string
	switch name {
	case "@version":
		field = &p.Version
	case "@effective":
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			return &ParseError{number, len(name) + 2, "effective date", fmt.Sprintf("%.20q is not a date (expected YYYY-MM-DD)", value)}
		}
		field = &p.Effective
	case "@source":
		field = &p.Source
	default:
		return &ParseError{number, 1, "header", fmt.Sprintf("%.20q is unknown (expected @version, @effective or @source)", name)}
	}
	if *field != "" {
		return &ParseError{number, 1, "header", name + " is there twice"}
	}
	*field = value
	return nil
}

// complete checks a section that ends: its headers must all have been there.
func complete(s section, opened int) error {
	if s == nil {
		return nil
	}
	if p := s.header(); p.Version == "" || p.Effective == "" || p.Source == "" {
		return &ParseError{opened, 1, "section", "lacks one of its headers (expected @version, @effective and @source)"}
	}
	return nil
}
