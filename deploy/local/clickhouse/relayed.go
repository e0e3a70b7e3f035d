package clickhouse

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"mailtrail/deploy/local/clickhouse/relay"
	"mailtrail/deploy/local/ports"
)

// errPortLost is the error for a private port that another program took before the engine did.
var errPortLost = errors.New("the engine's private port was taken meanwhile")

// newRelay makes the relay that takes the native connections in the library's stead.
func (s *Server) newRelay() (*relay.Relay, error) {
	return relay.New(relay.Config{
		HTTP:        s.config.HTTP,
		Hello:       10 * time.Second,
		Wait:        4 * time.Second, // less than the 5 s and more that clients give a server for its first answer
		Connections: 1024,            // as many as the engine itself takes
	}, relay.Deps{Log: s.deps.Log, Metrics: s.deps.Metrics, HasDatabase: s.hasDatabase})
}

// takePorts makes sure that nobody else has the ports. The native one is the relay's from now on, where there is one.
func (s *Server) takePorts() (net.Listener, error) {
	http := ports.Check("clickhouse.http", s.config.HTTP)
	if s.relay == nil {
		return nil, errors.Join(ports.Check("clickhouse.addr", s.config.Native), http)
	}
	listener, err := net.Listen("tcp", s.config.Native)
	if err != nil {
		return nil, errors.Join(ports.Explain("clickhouse.addr", s.config.Native, err), http)
	}
	if http != nil {
		return nil, errors.Join(http, listener.Close())
	}
	return listener, nil
}

// besideRelay does work while the relay serves, and ends the relay after it.
func (s *Server) besideRelay(listener net.Listener, work func() error) error {
	ctx, cancel := context.WithCancel(context.Background()) // the engine ends first, and with it what goes through the relay
	ended := make(chan error, 1)
	go func() { ended <- s.relay.Run(ctx, listener) }()
	err := work()
	cancel()
	return errors.Join(err, <-ended)
}

// privatePort chooses where a library listens behind the relay: on the host of the HTTP port, since an engine has but one.
func privatePort(http string) (string, error) {
	host, _, err := net.SplitHostPort(http)
	if err != nil {
		return "", fmt.Errorf("clickhouse.http: %w", err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", fmt.Errorf("finding a private port for the ClickHouse engine: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

// logins are the users of users.xml who have a password and a network to come from.
func logins(secrets map[string]string, analysts []Analyst) (relay.Logins, error) {
	l := relay.Logins{}
	for _, user := range []string{Owner, Writer, Auditor} {
		l[user] = sha256.Sum256([]byte(secrets[user]))
	}
	for _, a := range analysts {
		sum, err := hex.DecodeString(a.PasswordSHA256)
		if err != nil || len(sum) != sha256.Size {
			return nil, fmt.Errorf("analyst %q: the password hash is not a SHA-256", a.Name)
		}
		l[a.Name] = [sha256.Size]byte(sum)
	}
	return l, nil
}

// hasDatabase asks the engine whether a database exists.
func (s *Server) hasDatabase(ctx context.Context, name string) (bool, error) {
	query := url.Values{"query": {"SELECT count() FROM system.databases WHERE name = {name:String}"}, "param_name": {escapeParameter(name)}, "log_queries": {"0"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.config.HTTP+"/?"+query.Encode(), nil)
	if err != nil {
		return false, err
	}
	answer, err := s.askAsOwner(request)
	return strings.TrimSpace(answer) == "1", err
}

// escapeParameter writes a text as ClickHouse reads a query's parameter: in its TSV form.
func escapeParameter(text string) string {
	return strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "\x00", `\0`).Replace(text)
}
