package access

import (
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// ErrRefused is the only answer to a wrong token, an unknown name and a revoked party alike: telling them apart would tell a
// stranger which names exist.
var ErrRefused = errors.New("unknown name or wrong token")

// Identity is who came in.
type Identity struct {
	Kind Kind
	Name string
	// Zone is a device's own time zone; empty where none was given, and for other kinds.
	Zone string
	// MIDs and CRIDs are a mailer's own, without what was delegated to it; empty for other kinds. See [Store.Scope].
	MIDs  []string
	CRIDs []string
}

// Deps are what a Store needs.
type Deps struct {
	Logger     zerolog.Logger
	Registerer prometheus.Registerer
	// Now is the clock.
	Now func() time.Time
}

// checkEvery is how long an answer may rest on a file that has changed since.
const checkEvery = time.Second

// Store answers who may come in. It looks at the file at most once a second, when asked, and reads it again
// when it has changed; there is nothing to run or to stop. A file that has become unreadable changes nothing: who
// was let in stays in, who was revoked stays out, and log and metrics say so.
type Store struct {
	path    string
	deps    Deps
	metrics *metrics

	current atomic.Pointer[snapshot]
	// checked is when the file was last looked at, in Unix nanoseconds.
	checked atomic.Int64
	// looking serialises looks at the file. Whoever comes while one is due waits for its end, since
	// the answer from before may be hours old.
	looking sync.Mutex
	// seen is the file as it was last read, whether that went well or not; nil when there was none. Guarded by looking.
	seen fs.FileInfo
	// failure is the last reload's error; empty after one that went well. Guarded by looking.
	failure string
}

// Open reads the access file. An absent file is one without anybody; a broken one is an error here, at the start.
func Open(path string, deps Deps) (*Store, error) {
	metrics, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, fmt.Errorf("registering the metrics of access: %w", err)
	}
	s := &Store{path: path, deps: deps, metrics: metrics}
	s.current.Store(newSnapshot(&Book{Version: version}))
	if err := s.reload(); err != nil {
		return nil, fmt.Errorf("reading the access file %s (key access.file): %w", path, err)
	}
	s.checked.Store(deps.Now().UnixNano())
	return s, nil
}

// Authenticate tells who holds the token. With a name (HTTP basic) the token must be that party's; without (bearer) it
// is found by its digest. The error is ErrRefused.
func (s *Store) Authenticate(kind Kind, name, token string) (Identity, error) {
	if !kind.wellFormed(token) {
		return Identity{}, ErrRefused
	}
	if name != "" {
		clean, err := CleanName(name)
		if err != nil {
			return Identity{}, ErrRefused
		}
		name = clean
	}
	found, ok := s.snapshot().byToken(token)
	if !ok || found.Kind != kind || name != "" && found.Name != name {
		return Identity{}, ErrRefused
	}
	return found, nil
}

// DeviceByName is the device whose client certificate bears this common name. The caller has verified the certificate's
// chain: a name alone proves nothing.
func (s *Store) DeviceByName(name string) (Device, bool) {
	clean, err := CleanName(name)
	if err != nil {
		return Device{}, false
	}
	device, ok := s.snapshot().devices[clean]
	return device, ok
}

// Analysts are the users that ClickHouse should know, in the order of the file.
func (s *Store) Analysts() []Analyst { return slices.Clone(s.snapshot().book.Analysts) }

// Scope is what a mailer may see at a time: its own MIDs and CRIDs, and MIDs delegated to it. False for one who is none.
func (s *Store) Scope(mailer string, at time.Time) (mids, crids []string, ok bool) {
	book := s.snapshot().book
	own := book.mailer(mailer)
	if own == nil {
		return nil, nil, false
	}
	mids = slices.Clone(own.MIDs)
	for _, d := range book.Delegations {
		if d.To == mailer && !at.Before(d.Start) && at.Before(d.Until) {
			mids = append(mids, d.MIDs...)
		}
	}
	return sortedSet(mids), slices.Clone(own.CRIDs), true
}

// snapshot is the state of the file, at most checkEvery old.
func (s *Store) snapshot() *snapshot {
	if s.fresh() {
		return s.current.Load()
	}
	s.looking.Lock()
	defer s.looking.Unlock()
	if !s.fresh() {
		s.report(s.reload())
		s.checked.Store(s.deps.Now().UnixNano())
	}
	return s.current.Load()
}

// report counts a failed reload, and logs it unless it is the one that was logged last: a file that stays unreadable is
// tried again every second.
func (s *Store) report(err error) {
	if err == nil {
		s.failure = ""
		return
	}
	s.metrics.reloads.WithLabelValues("failed").Inc()
	if err.Error() != s.failure {
		s.failure = err.Error()
		s.deps.Logger.Error().Err(err).Str("file", s.path).Msg("the access file cannot be read; who may come in stays as it was")
	}
}

// fresh tells whether the last look is recent. A clock that was set back makes it stale, never fresh for long.
func (s *Store) fresh() bool {
	age := time.Duration(s.deps.Now().UnixNano() - s.checked.Load())
	return age >= 0 && age < checkEvery
}

// reload takes in the file if it has changed since it was last read. Content that was read
// and found broken is not tried again until the file changes.
func (s *Store) reload() error {
	info, err := os.Stat(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		if s.seen == nil {
			return nil
		}
		s.seen = nil
		return errors.New("the file is gone; put it back, or revoke each name instead")
	}
	if err != nil {
		return err
	}
	if s.seen != nil && os.SameFile(info, s.seen) && info.ModTime().Equal(s.seen.ModTime()) && info.Size() == s.seen.Size() {
		return nil
	}
	content, err := readFile(s.path)
	if err != nil {
		return err
	}
	// What changes between Stat and here is noticed by the next look, since only the Stat is remembered.
	s.seen = info
	book, err := parse(content)
	if err != nil {
		return err
	}
	s.current.Store(newSnapshot(book))
	s.metrics.reloads.WithLabelValues("done").Inc()
	s.metrics.count(book)
	return nil
}

// snapshot is one state of the file with its indexes; it never changes.
type snapshot struct {
	book    *Book
	devices map[string]Device
	// identities are found by the first eight bytes of the digest; the whole digest is then compared in constant time.
	identities map[uint64][]entry
}

type entry struct {
	digest   Digest
	identity Identity
}

func newSnapshot(book *Book) *snapshot {
	s := &snapshot{book: book, devices: map[string]Device{}, identities: map[uint64][]entry{}}
	for _, d := range book.Devices {
		s.devices[d.Name] = d
		s.add(d.Digest, Identity{Kind: KindDevice, Name: d.Name, Zone: d.Zone})
	}
	for _, m := range book.Mailers {
		s.add(m.Digest, Identity{Kind: KindMailer, Name: m.Name, MIDs: m.MIDs, CRIDs: m.CRIDs})
	}
	for _, a := range book.Analysts {
		s.add(a.Digest, Identity{Kind: KindAnalyst, Name: a.Name})
	}
	for _, o := range book.Officers {
		s.add(o.Digest, Identity{Kind: KindOfficer, Name: o.Name})
	}
	return s
}

func (s *snapshot) add(digest Digest, identity Identity) {
	s.identities[digest.head()] = append(s.identities[digest.head()], entry{digest, identity})
}

// byToken finds the token's holder. The time of the look-up depends on the digest alone, from which nobody can work
// back towards a token.
func (s *snapshot) byToken(token string) (Identity, bool) {
	digest := digestOf(token)
	for _, candidate := range s.identities[digest.head()] {
		if subtle.ConstantTimeCompare(digest[:], candidate.digest[:]) == 1 {
			return candidate.identity, true
		}
	}
	return Identity{}, false
}

func (d Digest) head() uint64 { return binary.BigEndian.Uint64(d[:8]) }
