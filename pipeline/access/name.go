package access

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	namePattern    = regexp.MustCompile(`\A[a-z0-9][a-z0-9._-]{0,63}\z`)
	analystPattern = regexp.MustCompile(`\A[a-z][a-z0-9_-]*\z`)
	midPattern     = regexp.MustCompile(`\A(?:[0-8][0-9]{5}|9[0-9]{8})\z`)
	cridPattern    = regexp.MustCompile(`\A[0-9]{1,15}\z`)
)

// ValueError is a name, MID, CRID, zone or term that cannot be taken, whoever is in the file. Its text says what was expected.
type ValueError struct{ text string }

func (e *ValueError) Error() string { return e.text }

func wrongValue(format string, values ...any) error {
	return &ValueError{fmt.Sprintf(format, values...)}
}

// CleanName lowers a name and checks its form.
func CleanName(name string) (string, error) {
	lowered := strings.ToLower(strings.TrimSpace(name))
	if !namePattern.MatchString(lowered) {
		return "", wrongValue("name %q: expected 1 to 64 of a-z, 0-9, dot, underscore and hyphen, beginning with a letter or digit, such as dbcs-0421", shorten(name))
	}
	return lowered, nil
}

// cleanAnalyst is CleanName for analysts, whose names become users of ClickHouse: there a name is an element of users.xml
// (a letter first, and a dot would be read as a path) and must not be one of mailtrail's or ClickHouse's own.
func cleanAnalyst(name string) (string, error) {
	lowered, err := CleanName(name)
	if err != nil {
		return "", err
	}
	if !analystPattern.MatchString(lowered) {
		return "", wrongValue("analyst's name %q: expected a letter first and no dot, since it becomes a user of ClickHouse; try %q", lowered, "analyst-"+strings.ReplaceAll(lowered, ".", "-"))
	}
	switch lowered {
	case "default", "writer", "reader", "auditor", "definer":
		return "", wrongValue("analyst's name %q is kept for the servers' own users; try %q", lowered, "analyst-"+lowered)
	}
	if strings.HasPrefix(lowered, "mailtrail") {
		return "", wrongValue("analyst's name %q: names that begin with mailtrail are kept for its own users; try %q", lowered, "analyst-"+lowered)
	}
	return lowered, nil
}

// checkMID wants six digits with a first digit of 0 to 8, or nine with a first digit of 9 (USPS-B-3200, Mailer Identifier).
func checkMID(mid string) error {
	if !midPattern.MatchString(mid) {
		return wrongValue("MID %q: expected 6 digits beginning with 0 to 8, or 9 digits beginning with 9", shorten(mid))
	}
	return nil
}

// checkCRID wants up to 15 digits.
func checkCRID(crid string) error {
	if !cridPattern.MatchString(crid) {
		return wrongValue("CRID %q: expected 1 to 15 digits", shorten(crid))
	}
	return nil
}

// shorten keeps what somebody typed to a length that fits into an error.
func shorten(text string) string {
	const longest = 80
	if len(text) > longest {
		return text[:longest] + "..."
	}
	return text
}
