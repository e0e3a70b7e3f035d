package barcode

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"
	"time"

	"mailtrail/schemas/reference"
)

//go:embed service_types.txt
var serviceTypesText []byte

// ServiceTypes is a table of service types. It does not change once made and may be shared.
type ServiceTypes struct {
	Reference
	newest  [1000]ServiceType
	history map[uint16][]DatedServiceType // of each code that the table knows, oldest first
}

// DatedServiceType is what a STID stood for during a time.
type DatedServiceType struct {
	ServiceType
	Period
}

// BuiltinServiceTypes returns the table that comes with the package.
func BuiltinServiceTypes() *ServiceTypes { return builtinServiceTypes() }

var builtinServiceTypes = sync.OnceValue(func() *ServiceTypes {
	types, err := ParseServiceTypes(serviceTypesText)
	if err != nil {
		panic(fmt.Sprintf("barcode: built-in service types: %v", err))
	}
	return types
})

// ParseServiceTypes reads a table in the form of service_types.txt, which explains itself. The error is a *TableError.
func ParseServiceTypes(text []byte) (*ServiceTypes, error) {
	types := &ServiceTypes{history: map[uint16][]DatedServiceType{}}
	ref, err := reference.Parse(text, types.add)
	if err != nil {
		return nil, err
	}
	types.Reference = ref
	for code, entries := range types.history {
		types.newest[code] = entries[len(entries)-1].ServiceType
	}
	return types, nil
}

func (t *ServiceTypes) add(line int, words []string) error {
	if len(words) < 7 || len(words) > 9 {
		return reference.Wrong(line, "entry", fmt.Sprint(len(words), " words"), "seven words, or eight or nine: stid class use level scans acs correction [from [until]]")
	}
	code, err := reference.Code(line, "stid", words[0], 3)
	if err != nil {
		return err
	}
	var s DatedServiceType
	if s.ServiceType, err = parseServiceType(line, words); err != nil {
		return err
	}
	if s.Period, err = reference.ParsePeriod(line, words[7:]); err != nil {
		return err
	}
	entries := t.history[uint16(code)]
	place, _ := slices.BinarySearchFunc(entries, s.From, func(e DatedServiceType, from time.Time) int { return e.From.Compare(from) })
	entries = slices.Insert(entries, place, s)
	for i := 1; i < len(entries); i++ {
		if before := entries[i-1].Until; before.IsZero() || before.After(entries[i].From) {
			return reference.Wrong(line, "stid", words[0], "every stid once on each day")
		}
	}
	t.history[uint16(code)] = entries
	return nil
}

func parseServiceType(line int, words []string) (s ServiceType, err error) {
	if s.Class, err = reference.Word[Class](line, "class", words[1], classWords); err != nil {
		return s, err
	}
	if s.Use, err = reference.Word[Use](line, "use", words[2], useWords); err != nil {
		return s, err
	}
	if s.FullService, err = parseFlag(line, "level", words[3], "basic", "full"); err != nil {
		return s, err
	}
	if s.IVMTR, err = parseFlag(line, "scans", words[4], "-", "iv"); err != nil {
		return s, err
	}
	if s.ACS, err = reference.Word[ACS](line, "acs", words[5], acsWords); err != nil {
		return s, err
	}
	s.Correction, err = reference.Word[Correction](line, "correction", words[6], correctionWords)
	return s, err
}

func parseFlag(line int, field, value, no, yes string) (bool, error) {
	i, err := reference.Word[uint8](line, field, value, []string{no, yes})
	return i == 1, err
}

// Lookup returns the service type of three digits, the newest where it had several: what the day is not needed for, such as the class in a
// piece key. A STID that the table does not know is not an error of the barcode: keep it and flag it.
func (t *ServiceTypes) Lookup(stid []byte) (ServiceType, bool) {
	if len(stid) != 3 || firstNonDigit(stid) >= 0 {
		return ServiceType{}, false
	}
	s := t.newest[decimal(stid)]
	return s, s.Class != ClassUnknown
}

// LookupAt returns what a STID stood for on the day of at, in the time zone of at, and how it stood that day. Of a STID that was not in force it
// returns what it stood for last before, else first after: mail bears it all the same.
func (t *ServiceTypes) LookupAt(stid []byte, at time.Time) (ServiceType, Standing) {
	entries := t.History(stid)
	if len(entries) == 0 {
		return ServiceType{}, StandingUnknown
	}
	day := reference.DayOf(at)
	began := 0
	for began < len(entries) && !entries[began].From.After(day) {
		began++
	}
	if began == 0 {
		return entries[0].ServiceType, StandingFuture
	}
	latest := entries[began-1]
	if latest.Contains(at) {
		return latest.ServiceType, StandingInForce
	}
	return latest.ServiceType, StandingRetired
}

// History returns everything that a STID stood for, oldest first; nothing for a STID that the table does not know. It must not be written to.
func (t *ServiceTypes) History(stid []byte) []DatedServiceType {
	if len(stid) != 3 || firstNonDigit(stid) >= 0 {
		return nil
	}
	return t.history[uint16(decimal(stid))]
}

// Len returns the number of STIDs in the table.
func (t *ServiceTypes) Len() int { return len(t.history) }
