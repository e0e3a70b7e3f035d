package clickhouse

import (
	_ "embed"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"text/template"
)

//go:embed users.xml.tmpl
var usersXML string

// analystName is what can be a user's name in users.xml, where it is an XML element and a path of configuration keys.
var analystName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,62}$`)

// usersFile renders users.xml.
func usersFile(passwords map[string]string, analysts []Analyst, limits ReaderLimits) (string, error) {
	taken := map[string]bool{Owner: true, Writer: true, Auditor: true, Definer: true, "default": true}
	for _, a := range analysts {
		switch sum, err := hex.DecodeString(a.PasswordSHA256); {
		case !analystName.MatchString(a.Name):
			return "", fmt.Errorf("analyst %q: a name has 1 to 63 letters, digits, _ or -, and begins with a letter", a.Name)
		case taken[a.Name]:
			return "", fmt.Errorf("analyst %q: the name is taken; choose another", a.Name)
		case err != nil || len(sum) != 32:
			return "", fmt.Errorf("analyst %q: the password hash is not a SHA-256 of 64 hex digits; add the analyst anew", a.Name)
		}
		taken[a.Name] = true
	}
	tmpl, err := template.New("users.xml").Parse(usersXML)
	if err != nil {
		return "", fmt.Errorf("users.xml: %w", err)
	}
	hashes := make(map[string]string, len(passwords))
	for user, secret := range passwords {
		hashes[user] = sha256Hex(secret)
	}
	var out strings.Builder
	err = tmpl.Execute(&out, map[string]any{
		"Hashes": hashes, "Analysts": analysts, "Limits": limits, "Seconds": int64(limits.Time.Seconds()),
	})
	return out.String(), err
}
