package sql

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Report is a query that answers a question about the mail. Its file holds all of it: the head says what its numbers mean, and the text with
// its typed parameters is what the command, the API and analysts run.
type Report struct {
	// Name is that of the file, Title the head's first line.
	Name, Title string
	// Definition says what is counted, Unit in what, Source from where, Complete from when on nothing is lacking.
	Definition, Unit, Source, Complete string
	Parameters                         []Parameter
}

// Parameter is one that the query takes.
type Parameter struct {
	// Name and Type are those of the hole {name:type} in the query, Type in the words of the server.
	Name, Type string
	// Default is what it is unless something is given. One that begins with @ names what only the caller knows: @today, @yesterday, and codes of
	// operations such as @final_codes.
	Default string
	Meaning string
}

// The values that a report takes from its caller where nothing is given.
const (
	Today            = "@today"             // the day, UTC: a Date
	Yesterday        = "@yesterday"         // the moment a day ago: a DateTime
	FinalCodes       = "@final_codes"       // codes that stop the clock and codes of final machine runs: an Array(String)
	DestinationCodes = "@destination_codes" // codes of processing at the destination and of delivery: an Array(String)
	KnownCodes       = "@known_codes"       // all codes whose meaning is known: an Array(String)
)

var fromCaller = []string{Today, Yesterday, FinalCodes, DestinationCodes, KnownCodes}

// Reports returns all reports, by name. The error names the file and what is wrong in its head.
func Reports() ([]Report, error) {
	entries, err := fs.ReadDir(files, reportFolder)
	if err != nil {
		return nil, err
	}
	var reports []Report
	for _, entry := range entries {
		text, err := fs.ReadFile(files, path.Join(reportFolder, entry.Name()))
		if err != nil {
			return nil, err
		}
		r, err := parseReport(strings.TrimSuffix(entry.Name(), ".sql"), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s/%s: %w", reportFolder, entry.Name(), err)
		}
		reports = append(reports, r)
	}
	return reports, nil
}

const reportFolder = "reports"

// Report returns the text of a report; ok is false where there is none of that name.
func (s *SQL) Report(name string) (text string, ok bool) {
	text, ok = s.reports[name]
	return text, ok
}

var (
	headLine      = regexp.MustCompile(`^-- (definition|unit|source|complete): (.+)$`)
	parameterLine = regexp.MustCompile(`^-- parameter (\w+) (\S+) = (.*?): (.+)$`)
	hole          = regexp.MustCompile(`\{(\w+):([A-Za-z0-9()', ]+)\}`)
)

// parseReport reads the head: a title, a line of comment, and what is said under names; a line that goes on begins with two more blanks.
func parseReport(name, text string) (r Report, err error) {
	r.Name = name
	lines := strings.Split(text, "\n")
	r.Title = strings.TrimPrefix(lines[0], "-- ")
	if r.Title == lines[0] || len(lines) < 2 || lines[1] != "--" {
		return r, fmt.Errorf("expected a title and an empty line of comment")
	}
	said := map[string]*string{"definition": &r.Definition, "unit": &r.Unit, "source": &r.Source, "complete": &r.Complete}
	var last *string
	for i, line := range lines[2:] {
		if !strings.HasPrefix(line, "--") {
			break
		}
		if more, goesOn := strings.CutPrefix(line, "--   "); goesOn && last != nil {
			*last += " " + more
			continue
		}
		if part := parameterLine.FindStringSubmatch(line); part != nil {
			r.Parameters = append(r.Parameters, Parameter{part[1], part[2], part[3], part[4]})
			last = &r.Parameters[len(r.Parameters)-1].Meaning
			continue
		}
		part := headLine.FindStringSubmatch(line)
		if part == nil {
			return r, fmt.Errorf("line %d: expected definition, unit, source, complete, or parameter NAME TYPE = DEFAULT: MEANING", i+3)
		}
		last = said[part[1]]
		*last = part[2]
	}
	for key, value := range said {
		if *value == "" {
			return r, fmt.Errorf("the head says nothing of %s", key)
		}
	}
	return r, r.check(text)
}

// check compares the parameters of the head with those of the query.
func (r *Report) check(text string) error {
	taken := map[string]string{}
	for _, part := range hole.FindAllStringSubmatch(text, -1) {
		if before, twice := taken[part[1]]; twice && before != part[2] {
			return fmt.Errorf("parameter %s is a %s and a %s", part[1], before, part[2])
		}
		taken[part[1]] = part[2]
	}
	for _, p := range r.Parameters {
		if taken[p.Name] != p.Type {
			return fmt.Errorf("parameter %s is a %s in the head and in the query %q", p.Name, p.Type, taken[p.Name])
		}
		if strings.HasPrefix(p.Default, "@") && !slices.Contains(fromCaller, p.Default) {
			return fmt.Errorf("parameter %s: default %s: expected one of %v", p.Name, p.Default, fromCaller)
		}
		delete(taken, p.Name)
	}
	for name := range taken {
		return fmt.Errorf("parameter %s of the query is not in the head", name)
	}
	return nil
}
