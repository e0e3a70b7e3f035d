package records

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"

	"mailtrail/schemas/event"
)

// A secret is kept as a slow hash in PHC form
// (github.com/P-H-C/phc-string-format): $id[$v=n]$param=n,...$salt$hash.
var phc = regexp.MustCompile(`^\$([a-z0-9-]{1,32})(?:\$v=[0-9]{1,10})?\$([a-z]{1,8}=[0-9]{1,10}(?:,[a-z]{1,8}=[0-9]{1,10})*)\$([A-Za-z0-9+/.-]{11,86})\$([A-Za-z0-9+/.]{22,86})$`)

// slow are the functions that are slow, each with the least that its parameters
// must say (OWASP Password Storage Cheat Sheet): memory in KiB and passes,
// logarithm of the cost, iterations.
var slow = map[string]map[string]int{
	"argon2id":      {"m": 7168, "t": 1, "p": 1},
	"scrypt":        {"ln": 14, "r": 8, "p": 1},
	"bcrypt":        {"r": 10},
	"pbkdf2-sha256": {"i": 310_000},
	"pbkdf2-sha512": {"i": 120_000},
}

func slowHash(f *Field, text []byte) *event.Error {
	const expected = "expected a slow hash in PHC form, as $argon2id$v=19$m=65536,t=3,p=4$SALT$HASH: argon2id, scrypt, bcrypt, pbkdf2-sha256 or pbkdf2-sha512; never the secret itself"
	parts := phc.FindSubmatch(text)
	if parts == nil {
		return f.wrong(NotHashed, "%s", expected)
	}
	least, known := slow[string(parts[1])]
	if !known {
		return f.wrong(NotHashed, "%s", expected)
	}
	given := map[string]int{}
	for _, parameter := range strings.Split(string(parts[2]), ",") {
		name, value, _ := strings.Cut(parameter, "=")
		given[name], _ = strconv.Atoi(value)
	}
	for name, value := range least {
		if given[name] < value {
			return f.wrong(NotHashed, "%s with parameter %s of at least %d", parts[1], name, value)
		}
	}
	if hash, err := base64.RawStdEncoding.DecodeString(string(parts[4])); err != nil && string(parts[1]) != "bcrypt" || err == nil && len(hash) < 16 {
		return f.wrong(NotHashed, "%s", expected)
	}
	return nil
}
