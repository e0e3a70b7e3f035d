package records

import (
	"slices"

	"mailtrail/schemas/retention"
)

// Sensitivity says what a field tells about a person.
type Sensitivity string

// The sensitivities.
const (
	// Plain: nothing about a person.
	Plain Sensitivity = "none"
	// Personal: who a person is, or what one did.
	Personal Sensitivity = "personal"
	// Payment: how a person pays. Tokens and last digits only.
	Payment Sensitivity = "payment"
	// Secret: what lets a person in. Slow hashes only.
	Secret Sensitivity = "secret"
)

// Field is one thing that a record of a kind may hold.
type Field struct {
	// Name is its JSON name, Words what the notice calls it.
	Name  string `yaml:"name"`
	Words string `yaml:"words"`
	Type  Type   `yaml:"type"`
	// Needed fields must be there.
	Needed bool `yaml:"needed"`
	// Max is the most characters of a value; 0 where the type says it.
	Max int `yaml:"max"`
	// Many is the most values of a field that holds a list, 0 of one that does not.
	Many int `yaml:"many"`
	// Values are all that a field of type choice may say.
	Values      []string    `yaml:"values"`
	Sensitivity Sensitivity `yaml:"sensitivity"`
	// Key is the retrieval key that the field gives, empty for none.
	Key string `yaml:"key"`

	line int
}

// Kind is a kind of records.
type Kind struct {
	// Name is the kind's name in paths, headers and tables.
	Name string `yaml:"kind"`
	// System and Notice are those of its file: the system of records and the name under which it is cited.
	System string `yaml:"-"`
	Notice string `yaml:"-"`
	// Category is the number of the notice's category of records, 0 where the
	// source has none; Words is what it is called there.
	Category int    `yaml:"category"`
	Words    string `yaml:"words"`
	// Class is its row of the retention schedule.
	Class string `yaml:"class"`
	// Captured names the field that says when what the record tells of
	// happened. Ends is the event that starts the clock instead, and Subject
	// the field that names whose it is. With neither, receipt starts it.
	Captured string          `yaml:"captured"`
	Ends     retention.Clock `yaml:"ends"`
	Subject  string          `yaml:"subject"`
	// Keys are the retrieval keys of the notice that hold for the kind.
	Keys []string `yaml:"keys"`
	// Document kinds tell of mailings and of no person: they lie in clear and
	// may come as delimited text.
	Document bool `yaml:"document"`
	// Elsewhere is the door that takes the kind in, where it is not this one.
	Elsewhere string `yaml:"elsewhere"`
	// Never says why nothing of the kind is kept, empty where it is.
	Never string `yaml:"never"`
	// Decision is how the source is read where it is silent.
	Decision string  `yaml:"decision"`
	Fields   []Field `yaml:"fields"`

	line     int
	places   map[string]int
	captured int // place of the field Captured, -1 without one
}

// Citation names the source of the kind.
func (k *Kind) Citation() string {
	if k.Category == 0 {
		return k.Notice + ": " + k.Words
	}
	return k.Notice + ", Categories of Records " + itoa(k.Category) + ": " + k.Words
}

// Sealed tells that records of the kind are written as ciphertext only: some
// field of it is about a person.
func (k *Kind) Sealed() bool {
	return slices.ContainsFunc(k.Fields, func(f Field) bool { return f.Sensitivity != Plain })
}

// Field returns the field of that name, nil where the kind does not have it.
func (k *Kind) Field(name string) *Field {
	place, ok := k.places[name]
	if !ok {
		return nil
	}
	return &k.Fields[place]
}
