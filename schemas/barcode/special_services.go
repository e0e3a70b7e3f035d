package barcode

import (
	_ "embed"
	"fmt"
	"sync"

	"mailtrail/schemas/reference"
)

//go:embed special_services.txt
var specialServicesText []byte

// SpecialService is a service beyond carriage that the service type code of a package stands for.
type SpecialService uint8

// The special services.
const (
	SpecialServiceNone SpecialService = iota
	SpecialServiceAdultSignature
	SpecialServiceCertified
	SpecialServiceCollectOnDelivery
	SpecialServiceInsured
	SpecialServiceRegistered
	SpecialServiceRestrictedDelivery
	SpecialServiceReturnReceipt
	SpecialServiceSignatureConfirmation
)

var specialServiceWords = []string{
	"", "adult-signature", "certified", "collect-on-delivery", "insured", "registered", "restricted-delivery", "return-receipt", "signature-confirmation",
}

// String returns the word of the table, as in "certified".
func (s SpecialService) String() string {
	if s == SpecialServiceNone {
		return "none"
	}
	return reference.WordOf(s, specialServiceWords)
}

// SpecialServices tells special services by service type code (STC). It does not change once made and may be shared.
type SpecialServices struct {
	Reference
	current [1000]SpecialService // three digits: application identifiers 92 to 95
	legacy  [100]SpecialService  // two digits: application identifier 91
}

// BuiltinSpecialServices returns the table that comes with the package.
func BuiltinSpecialServices() *SpecialServices { return builtinSpecialServices() }

var builtinSpecialServices = sync.OnceValue(func() *SpecialServices {
	services, err := ParseSpecialServices(specialServicesText)
	if err != nil {
		panic(fmt.Sprintf("barcode: built-in special services: %v", err))
	}
	return services
})

// ParseSpecialServices reads a table in the form of special_services.txt, which explains itself. The error is a *TableError.
func ParseSpecialServices(text []byte) (*SpecialServices, error) {
	services := new(SpecialServices)
	ref, err := reference.Parse(text, services.add)
	if err != nil {
		return nil, err
	}
	services.Reference = ref
	return services, nil
}

func (t *SpecialServices) add(line int, words []string) error {
	if len(words) != 2 {
		return reference.Wrong(line, "entry", fmt.Sprint(len(words), " words"), "two words: code service")
	}
	code, err := reference.Code(line, "code", words[0], 2, 3)
	if err != nil {
		return err
	}
	service, err := reference.Word[SpecialService](line, "service", words[1], specialServiceWords)
	if err != nil {
		return err
	}
	place := &t.legacy[code%len(t.legacy)]
	if len(words[0]) == 3 {
		place = &t.current[code]
	}
	if *place != SpecialServiceNone {
		return reference.Wrong(line, "code", words[0], "every code once")
	}
	*place = service
	return nil
}

// Lookup returns the special service of a service type code of two or three digits. False: none that the table knows.
func (t *SpecialServices) Lookup(stc []byte) (SpecialService, bool) {
	if firstNonDigit(stc) >= 0 {
		return SpecialServiceNone, false
	}
	service := SpecialServiceNone
	switch len(stc) {
	case 2:
		service = t.legacy[decimal(stc)]
	case 3:
		service = t.current[decimal(stc)]
	}
	return service, service != SpecialServiceNone
}
