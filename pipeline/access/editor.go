package access

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/gofrs/flock"
)

// Editor changes the access file. Several processes may edit at once: each change is made under a lock.
type Editor struct {
	path string
	now  func() time.Time
}

// NewEditor is inert: the file and its folder are made by the first change.
func NewEditor(path string, now func() time.Time) *Editor {
	return &Editor{path: path, now: now}
}

// AddDevice lets a device in and returns its token, which is nowhere kept. zone may be empty.
func (e *Editor) AddDevice(ctx context.Context, name, zone string) (token string, err error) {
	if err := checkZone(zone); err != nil {
		return "", err
	}
	return e.add(ctx, KindDevice, name, func(b *Book, name string, digest Digest, added time.Time) {
		b.Devices = append(b.Devices, Device{Name: name, Zone: zone, Digest: digest, Added: added})
	})
}

// AddMailer lets a mailer in, who sees what bears one of these MIDs or CRIDs; at least one of either is needed.
func (e *Editor) AddMailer(ctx context.Context, name string, mids, crids []string) (token string, err error) {
	mids, crids = sortedSet(mids), sortedSet(crids)
	if len(mids)+len(crids) == 0 {
		return "", wrongValue("mailer %q: expected at least one MID or CRID, since without one it would see nothing", shorten(name))
	}
	if err := checkScope(mids, crids); err != nil {
		return "", err
	}
	return e.add(ctx, KindMailer, name, func(b *Book, name string, digest Digest, added time.Time) {
		b.Mailers = append(b.Mailers, Mailer{Name: name, MIDs: mids, CRIDs: crids, Digest: digest, Added: added})
	})
}

// AddAnalyst lets an analyst in. The token is the password of the ClickHouse user of this name.
func (e *Editor) AddAnalyst(ctx context.Context, name string) (token string, err error) {
	if name, err = cleanAnalyst(name); err != nil {
		return "", err
	}
	return e.add(ctx, KindAnalyst, name, func(b *Book, name string, digest Digest, added time.Time) {
		b.Analysts = append(b.Analysts, Analyst{Name: name, Digest: digest, Added: added})
	})
}

// AddOfficer lets a records officer in.
func (e *Editor) AddOfficer(ctx context.Context, name string) (token string, err error) {
	return e.add(ctx, KindOfficer, name, func(b *Book, name string, digest Digest, added time.Time) {
		b.Officers = append(b.Officers, Officer{Name: name, Digest: digest, Added: added})
	})
}

// Delegate lets the mailer to see what bears these MIDs of the mailer from, from start until until.
// What was delegated between the two for one of these MIDs before is replaced, so a term is cut short by delegating again.
func (e *Editor) Delegate(ctx context.Context, from, to string, mids []string, start, until time.Time) error {
	from, err := CleanName(from)
	if err != nil {
		return err
	}
	to, err = CleanName(to)
	if err != nil {
		return err
	}
	given := Delegation{From: from, To: to, MIDs: sortedSet(mids), Start: start.UTC(), Until: until.UTC(), Added: e.stamp()}
	return e.change(ctx, func(b *Book) error {
		if err := b.checkDelegation(given); err != nil {
			return err
		}
		kept := b.Delegations[:0:0]
		for _, d := range b.Delegations {
			if d.From == from && d.To == to {
				d.MIDs = slices.DeleteFunc(d.MIDs, func(mid string) bool { return slices.Contains(given.MIDs, mid) })
			}
			if len(d.MIDs) > 0 {
				kept = append(kept, d)
			}
		}
		b.Delegations = append(kept, given)
		return nil
	})
}

// ErrUnknown means that nobody has the name.
var ErrUnknown = errors.New("unknown name")

// Revoke removes the party of this name, with every delegation from or to it, and says what it was.
func (e *Editor) Revoke(ctx context.Context, name string) (Kind, error) {
	name, err := CleanName(name)
	if err != nil {
		return "", err
	}
	var revoked Kind
	err = e.change(ctx, func(b *Book) error {
		for party := range b.parties() {
			if party.Name == name {
				revoked = party.Kind
			}
		}
		if revoked == "" {
			return fmt.Errorf("%w: nobody is called %q; `mailtrail access list` names everybody", ErrUnknown, name)
		}
		b.remove(name)
		return nil
	})
	return revoked, err
}

func (b *Book) remove(name string) {
	b.Devices = slices.DeleteFunc(b.Devices, func(d Device) bool { return d.Name == name })
	b.Mailers = slices.DeleteFunc(b.Mailers, func(m Mailer) bool { return m.Name == name })
	b.Analysts = slices.DeleteFunc(b.Analysts, func(a Analyst) bool { return a.Name == name })
	b.Officers = slices.DeleteFunc(b.Officers, func(o Officer) bool { return o.Name == name })
	b.Delegations = slices.DeleteFunc(b.Delegations, func(d Delegation) bool { return d.From == name || d.To == name })
}

// List is everybody; an absent file is nobody.
func (e *Editor) List() (*Book, error) { return e.read() }

// add gives a name a token and lets insert put both into the book.
func (e *Editor) add(ctx context.Context, kind Kind, name string, insert func(*Book, string, Digest, time.Time)) (token string, err error) {
	if name, err = CleanName(name); err != nil {
		return "", err
	}
	token = newToken(kind)
	err = e.change(ctx, func(b *Book) error {
		for party := range b.parties() {
			if party.Name == name {
				return fmt.Errorf("%q is taken already, by this kind: %s; choose another name, or run `mailtrail access revoke %s` first", name, party.Kind, name)
			}
		}
		insert(b, name, digestOf(token), e.stamp())
		return nil
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// stamp is the present second, in UTC.
func (e *Editor) stamp() time.Time { return e.now().UTC().Truncate(time.Second) }

// change reads the book, lets edit change it and writes it back, all under the lock.
func (e *Editor) change(ctx context.Context, edit func(*Book) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(e.path), 0o750); err != nil {
		return fmt.Errorf("making the folder of the access file (key access.file): %w", err)
	}
	lock := flock.New(e.path+".lock", flock.SetPermissions(0o600))
	if locked, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil || !locked {
		return fmt.Errorf("waiting for another command that edits the access file (lock %s): %w", lock.Path(), err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	book, err := e.read()
	if err != nil {
		return err
	}
	if err := edit(book); err != nil {
		return err
	}
	return e.write(book)
}

func (e *Editor) read() (*Book, error) {
	content, err := readFile(e.path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Book{Version: version}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the access file (key access.file): %w", err)
	}
	book, err := parse(content)
	if err != nil {
		return nil, fmt.Errorf("reading the access file %s: %w", e.path, err)
	}
	return book, nil
}

// readFile is the file's content, if it is not absurdly large.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, maxFile)
	}
	return content, nil
}

// write replaces the file as a whole: a reader finds the old book or the new one, and after a power loss too.
func (e *Editor) write(book *Book) error {
	if err := book.check(); err != nil {
		return err
	}
	content, err := yaml.Marshal(book)
	if err != nil {
		return fmt.Errorf("encoding the access file: %w", err)
	}
	if err := replace(e.path, append([]byte("# Written by `mailtrail access`; tokens stand here as SHA-256 only.\n"), content...)); err != nil {
		return fmt.Errorf("writing the access file (key access.file): %w", err)
	}
	return nil
}

func replace(path string, content []byte) error {
	temporary, err := writeBeside(path, content)
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		if temporary != "" {
			err = errors.Join(err, os.Remove(temporary))
		}
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// writeBeside writes a new file in path's folder and returns its name, also with an error once the file exists.
// os.CreateTemp makes it with mode 0600, which a rename keeps.
func writeBeside(path string, content []byte) (name string, err error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new")
	if err != nil {
		return "", err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	return file.Name(), errors.Join(err, file.Close())
}

// syncFolder makes a rename last through a power loss.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// sortedSet is the items in order, each once.
func sortedSet(items []string) []string {
	sorted := slices.Clone(items)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
