package access

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"
	_ "time/tzdata" // zones are checked on machines too that have no zone database

	"github.com/goccy/go-yaml"
)

// Device is one machine that sends events.
type Device struct {
	Name string `yaml:"name"`
	// Zone is the IANA time zone of capture times that come without an offset; empty where none was given.
	Zone   string    `yaml:"zone,omitempty"`
	Digest Digest    `yaml:"token_sha256"`
	Added  time.Time `yaml:"added"`
}

// Mailer is one business mailer, who sees what bears its MIDs and CRIDs or was delegated to it.
type Mailer struct {
	Name   string    `yaml:"name"`
	MIDs   []string  `yaml:"mids,omitempty"`
	CRIDs  []string  `yaml:"crids,omitempty"`
	Digest Digest    `yaml:"token_sha256"`
	Added  time.Time `yaml:"added"`
}

// Analyst is one user of ClickHouse. The token is the password there, the digest what users.xml holds of it.
type Analyst struct {
	Name   string    `yaml:"name"`
	Digest Digest    `yaml:"password_sha256_hex"`
	Added  time.Time `yaml:"added"`
}

// Officer is one records officer.
type Officer struct {
	Name   string    `yaml:"name"`
	Digest Digest    `yaml:"token_sha256"`
	Added  time.Time `yaml:"added"`
}

// Delegation lets the mailer To see what bears MIDs of the mailer From, from Start until Until (exclusive).
type Delegation struct {
	From  string    `yaml:"from"`
	To    string    `yaml:"to"`
	MIDs  []string  `yaml:"mids"`
	Start time.Time `yaml:"start"`
	Until time.Time `yaml:"until"`
	Added time.Time `yaml:"added"`
}

// Book is everybody who may come in: the content of the file.
type Book struct {
	Version     int          `yaml:"version"`
	Devices     []Device     `yaml:"devices,omitempty"`
	Mailers     []Mailer     `yaml:"mailers,omitempty"`
	Analysts    []Analyst    `yaml:"analysts,omitempty"`
	Officers    []Officer    `yaml:"officers,omitempty"`
	Delegations []Delegation `yaml:"delegations,omitempty"`
}

// version is the form of the file that this package writes and reads.
const version = 1

// maxFile bounds the file in bytes: some hundred thousand parties.
const maxFile = 64 << 20

// parse reads and checks the file's content. Its errors never quote the content, which holds digests.
func parse(content []byte) (book *Book, err error) {
	// The parser is another project's code over what may be half a file: should it trip, the store must go on with
	// what it knew.
	defer func() {
		if recover() != nil {
			book, err = nil, errors.New("not the YAML of an access file")
		}
	}()
	var read Book
	if err := yaml.NewDecoder(bytes.NewReader(content), yaml.DisallowUnknownField()).Decode(&read); err != nil {
		return nil, fmt.Errorf("not the YAML of an access file%s", placeOf(err))
	}
	if read.Version != version {
		return nil, fmt.Errorf("version %d: expected %d; an empty or cut-off file is not taken for one without anybody", read.Version, version)
	}
	if err := read.check(); err != nil {
		return nil, err
	}
	return &read, nil
}

// placeOf is where the YAML library stumbled, without the source text that its messages quote.
func placeOf(err error) string {
	var located yaml.Error
	if errors.As(err, &located) && located.GetToken() != nil && located.GetToken().Position != nil {
		at := located.GetToken().Position
		return fmt.Sprintf(" (line %d, column %d)", at.Line, at.Column)
	}
	return ""
}

// check holds what every book must keep, whoever wrote it.
func (b *Book) check() error {
	owners := map[string]Kind{}
	digests := map[Digest]bool{}
	for party := range b.parties() {
		clean, err := CleanName(party.Name)
		if err != nil {
			return err
		}
		if clean != party.Name {
			return fmt.Errorf("%s %q: names are written in lower case", party.Kind, party.Name)
		}
		if owner, taken := owners[party.Name]; taken {
			return fmt.Errorf("name %q stands for a %s and a %s: expected one", party.Name, owner, party.Kind)
		}
		if party.digest == (Digest{}) || digests[party.digest] {
			return fmt.Errorf("%s %q: expected a digest of its own", party.Kind, party.Name)
		}
		owners[party.Name], digests[party.digest] = party.Kind, true
	}
	known := map[string]bool{} // a zone is read from disk once, not once a device
	for _, device := range b.Devices {
		if known[device.Zone] {
			continue
		}
		if err := checkZone(device.Zone); err != nil {
			return fmt.Errorf("device %q: %w", device.Name, err)
		}
		known[device.Zone] = true
	}
	for _, analyst := range b.Analysts {
		if _, err := cleanAnalyst(analyst.Name); err != nil {
			return err
		}
	}
	for _, mailer := range b.Mailers {
		if err := checkScope(mailer.MIDs, mailer.CRIDs); err != nil {
			return fmt.Errorf("mailer %q: %w", mailer.Name, err)
		}
	}
	for _, delegation := range b.Delegations {
		if err := b.checkDelegation(delegation); err != nil {
			return fmt.Errorf("delegation from %q to %q: %w", shorten(delegation.From), shorten(delegation.To), err)
		}
	}
	return nil
}

func checkZone(zone string) error {
	if zone == "" {
		return nil
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
		return wrongValue("time zone %q: expected an IANA name, such as America/New_York", shorten(zone))
	}
	return nil
}

func checkScope(mids, crids []string) error {
	for _, mid := range mids {
		if err := checkMID(mid); err != nil {
			return err
		}
	}
	for _, crid := range crids {
		if err := checkCRID(crid); err != nil {
			return err
		}
	}
	return nil
}

// checkDelegation wants two mailers, MIDs of the first, and a term.
func (b *Book) checkDelegation(d Delegation) error {
	from, to := b.mailer(d.From), b.mailer(d.To)
	switch {
	case from == nil:
		return fmt.Errorf("%q is not a mailer", shorten(d.From))
	case to == nil:
		return fmt.Errorf("%q is not a mailer", shorten(d.To))
	case d.From == d.To:
		return wrongValue("expected two different mailers")
	case len(d.MIDs) == 0:
		return wrongValue("expected at least one MID")
	case !d.Start.Before(d.Until):
		return wrongValue("until %s: expected a time after from %s", d.Until.Format(time.RFC3339), d.Start.Format(time.RFC3339))
	}
	for _, mid := range d.MIDs {
		if err := checkMID(mid); err != nil {
			return err
		}
		if !slices.Contains(from.MIDs, mid) {
			return fmt.Errorf("MID %s does not belong to %s, who can only delegate MIDs of its own", mid, d.From)
		}
	}
	return nil
}

func (b *Book) mailer(name string) *Mailer {
	for i := range b.Mailers {
		if b.Mailers[i].Name == name {
			return &b.Mailers[i]
		}
	}
	return nil
}

// party is one entry of any kind, as far as all kinds are alike.
type party struct {
	Kind   Kind
	Name   string
	Added  time.Time
	digest Digest
}

// parties yields everybody, kind by kind in the order of the file.
func (b *Book) parties() func(yield func(party) bool) {
	return func(yield func(party) bool) {
		for _, d := range b.Devices {
			if !yield(party{KindDevice, d.Name, d.Added, d.Digest}) {
				return
			}
		}
		for _, m := range b.Mailers {
			if !yield(party{KindMailer, m.Name, m.Added, m.Digest}) {
				return
			}
		}
		for _, a := range b.Analysts {
			if !yield(party{KindAnalyst, a.Name, a.Added, a.Digest}) {
				return
			}
		}
		for _, o := range b.Officers {
			if !yield(party{KindOfficer, o.Name, o.Added, o.Digest}) {
				return
			}
		}
	}
}
