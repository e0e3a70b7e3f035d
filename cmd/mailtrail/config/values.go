package config

import (
	"fmt"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
)

// expectation is the error of a value that does not fit its type or bounds.
type expectation struct {
	problem  Problem
	expected string
	try      string
}

func (e *expectation) Error() string { return "expected " + e.expected }

// ByteSize is a number of bytes, written 16MiB, 64KiB, 1GB or a bare number.
type ByteSize int64

type byteUnit struct {
	name string
	size int64
}

// byteUnits lists binary units first, largest first, so that String prints the largest that divides.
func byteUnits() []byteUnit {
	return []byteUnit{
		{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
		{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
	}
}

// UnmarshalText reads digits with an optional unit; the unit's case is ignored.
func (b *ByteSize) UnmarshalText(text []byte) error {
	wrong := &expectation{problem: WrongValue, expected: "a size such as 64KiB, 16MiB or 1GiB", try: "16MiB"}
	digits := strings.TrimRight(string(text), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 {
		return wrong
	}
	name := strings.TrimSpace(string(text)[len(digits):])
	if name == "" {
		*b = ByteSize(n)
		return nil
	}
	for _, unit := range byteUnits() {
		if !strings.EqualFold(unit.name, name) {
			continue
		}
		if n > math.MaxInt64/unit.size {
			return wrong
		}
		*b = ByteSize(n * unit.size)
		return nil
	}
	wrong.try = digits + "MiB"
	return wrong
}

// String is the exact form in the largest binary unit that divides the size, else in the largest decimal one.
func (b ByteSize) String() string {
	for _, unit := range byteUnits() {
		if b != 0 && int64(b)%unit.size == 0 {
			return strconv.FormatInt(int64(b)/unit.size, 10) + unit.name
		}
	}
	return "0B"
}

// Address is host:port of a server to reach (in embedded mode: to start).
type Address string

// UnmarshalText checks that the text is host:port with a port of 1 to 65535.
func (a *Address) UnmarshalText(text []byte) error {
	s := string(text)
	host, port, ok := splitAddress(s)
	if !ok || host == "" || port == 0 {
		return &expectation{problem: WrongValue, expected: "an address host:port with a port of 1 to 65535", try: repairAddress(s)}
	}
	*a = Address(s)
	return nil
}

// Strings are the addresses as the clients of the stores take them.
func Strings(addresses []Address) []string {
	texts := make([]string, len(addresses))
	for i, address := range addresses {
		texts[i] = string(address)
	}
	return texts
}

// Listen is host:port to listen on. Without a host it is every interface; port 0 is any free port.
type Listen string

// UnmarshalText checks that the text is [host]:port.
func (l *Listen) UnmarshalText(text []byte) error {
	s := string(text)
	if _, _, ok := splitAddress(s); !ok {
		return &expectation{problem: WrongValue, expected: "an address host:port to listen on", try: repairAddress(s)}
	}
	*l = Listen(s)
	return nil
}

// Endpoint is host:port or a unix socket, written unix:/path/to/socket.
type Endpoint string

// UnmarshalText checks that the text is host:port or unix:PATH.
func (e *Endpoint) UnmarshalText(text []byte) error {
	s := string(text)
	path, isSocket := strings.CutPrefix(s, "unix:")
	_, port, ok := splitAddress(s)
	if isSocket && path == "" || !isSocket && (!ok || port == 0) {
		return &expectation{problem: WrongValue, expected: "host:port or unix:PATH of a socket", try: "unix:./data/keys.sock"}
	}
	*e = Endpoint(s)
	return nil
}

// Dial splits the endpoint into network ("tcp" or "unix") and address, as net.Dial and net.Listen take them.
func (e Endpoint) Dial() (network, address string) {
	if path, ok := strings.CutPrefix(string(e), "unix:"); ok {
		return "unix", path
	}
	return "tcp", string(e)
}

func splitAddress(s string) (host string, port int, ok bool) {
	host, portText, err := net.SplitHostPort(s)
	if err != nil || strings.ContainsAny(host, "/ \t\r\n@") {
		return "", 0, false
	}
	n, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return "", 0, false
	}
	return host, int(n), true
}

// repairAddress guesses what was meant by a URL, a lone port or an address without a host; "" when it cannot tell.
func repairAddress(s string) string {
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s, _, _ = strings.Cut(rest, "/")
	}
	if h, port, ok := splitAddress(s); ok && port != 0 {
		if h == "" {
			return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		}
		return s
	}
	if port, err := strconv.ParseUint(s, 10, 16); err == nil && port != 0 {
		return net.JoinHostPort("127.0.0.1", s)
	}
	return ""
}

// SecretFile names a file that holds one secret. The secret itself is never part of the configuration.
type SecretFile struct {
	// Path is empty where no secret is configured.
	Path string
	// key is the configuration key, for the error of Read.
	key string
}

// UnmarshalText takes any path.
func (s *SecretFile) UnmarshalText(text []byte) error {
	s.Path = string(text)
	return nil
}

// String is the path.
func (s SecretFile) String() string { return s.Path }

// maxSecret bounds a secret file in bytes: a larger one is surely another file named by mistake.
const maxSecret = 64 << 10

// Read returns the secret without the line break at its end; "" where no file is configured.
// The error names the key and the file, and never holds any of the file's content.
func (s SecretFile) Read() (string, error) {
	if s.Path == "" {
		return "", nil
	}
	info, err := os.Stat(s.Path)
	if err != nil {
		return "", s.unreadable(err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxSecret {
		return "", fmt.Errorf("%s: %s should be a regular file of at most %d bytes that holds the secret alone", s.name(), s.Path, maxSecret)
	}
	content, err := os.ReadFile(s.Path)
	if err != nil {
		return "", s.unreadable(err)
	}
	secret := strings.TrimRight(string(content), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("%s: %s is empty; write the secret into it, alone, on one line", s.name(), s.Path)
	}
	if strings.ContainsAny(secret, "\r\n\x00") {
		return "", fmt.Errorf("%s: %s holds more than one line; write the secret into it, alone, on one line", s.name(), s.Path)
	}
	return secret, nil
}

func (s SecretFile) unreadable(err error) error {
	return fmt.Errorf("%s: reading the secret (the file must exist and this user must be allowed to read it): %w", s.name(), err)
}

func (s SecretFile) name() string {
	if s.key == "" {
		return "secret file"
	}
	return s.key
}
