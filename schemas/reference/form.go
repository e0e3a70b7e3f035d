package reference

import (
	"fmt"
	"strings"
)

// Form is a kind of line that begins with a word of its own, in a table that has several.
type Form struct {
	Word        string // the line's first
	Least, Most int    // words behind it
	Words       string // what they are, for people
	Add         func(line int, words []string) error
}

// Take hands the words behind the first to the form that begins with it. The error is a *TableError where those of the forms are.
func Take(forms []Form, line int, words []string) error {
	var known []string
	for _, form := range forms {
		if form.Word != words[0] {
			known = append(known, form.Word)
			continue
		}
		if n := len(words) - 1; n < form.Least || n > form.Most {
			return Wrong(line, form.Word, fmt.Sprint(n, " words"), form.Words)
		}
		return form.Add(line, words[1:])
	}
	return Wrong(line, "entry", words[0], "one of "+strings.Join(known, " "))
}
