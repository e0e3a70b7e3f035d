package clickhouse

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mailtrail/deploy/local"
	"mailtrail/deploy/local/child"
	"mailtrail/deploy/local/clickhouse/relay"
	"mailtrail/deploy/local/ports"
	"mailtrail/schemas/retention"
)

// users renders users.xml with the analysts of today, and says whom it lets in.
func (s *Server) users(secrets map[string]string) (string, relay.Logins, error) {
	analysts, err := s.deps.Analysts()
	if err != nil {
		return "", nil, fmt.Errorf("reading who may log in to ClickHouse: %w", err)
	}
	users, err := usersFile(secrets, analysts, s.config.Reader)
	if err != nil {
		return "", nil, fmt.Errorf("writing ClickHouse's users: %w", err)
	}
	may, err := logins(secrets, analysts)
	return users, may, err
}

// writeFiles writes config.xml and users.xml as they are to be today.
func (s *Server) writeFiles() error {
	users, may, err := s.users(s.secrets)
	if err != nil {
		return err
	}
	config, err := configFile(s.config, s.native, s.paths)
	if err != nil {
		return fmt.Errorf("writing ClickHouse's configuration: %w", err)
	}
	for path, content := range map[string]string{s.paths.users: users, s.paths.config: config} {
		if err := local.WritePrivate(path, content); err != nil {
			return fmt.Errorf("writing ClickHouse's configuration (key data): %w", err)
		}
	}
	s.logins = may
	return nil
}

// command is how the engine is started.
func (s *Server) command() (string, []string, error) {
	if s.deps.Engine.Server != "" {
		return s.deps.Engine.Server, []string{"server", "--config-file=" + s.paths.config}, nil
	}
	// The database system lives in memory here: what an earlier run left on disk of its logs stands in the way of new ones.
	for _, table := range s.config.Schedule.Row(retention.SystemLogs).SystemTables {
		if err := os.RemoveAll(filepath.Join(s.paths.store, "data", "system", table)); err != nil {
			return "", nil, fmt.Errorf("removing the last run's %s (key data): %w", table, err)
		}
	}
	args := append(append([]string(nil), s.deps.Self[1:]...), s.deps.Engine.Library,
		"--config-file="+s.paths.config, "--path="+s.paths.store+"/", "--log-level=information",
		"--query", "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; "+keepAlive)
	return s.deps.Self[0], args, nil
}

// ask is how the engine is asked to end.
func (s *Server) ask(c *child.Child) func() error {
	if s.deps.Engine.Server != "" {
		return func() error { return c.Process.Signal(os.Interrupt) }
	}
	return s.killKeepAlive
}

// explain says why the engine did not come up, from what it said.
func (s *Server) explain(c *child.Child) error {
	said := c.Said.String()
	if strings.Contains(said, "Address already in use") {
		for key, addr := range s.enginePorts() {
			if ports.Check(key, addr) != nil {
				return ports.Taken(key, addr)
			}
		}
		if s.relay != nil {
			return errPortLost
		}
	}
	return fmt.Errorf("the ClickHouse engine ended at start (%v), see %s: %s", c.Err, s.paths.log, said)
}

// enginePorts are the configured addresses that the engine itself listens on, by their keys.
func (s *Server) enginePorts() map[string]string {
	if s.relay != nil {
		return map[string]string{"clickhouse.http": s.config.HTTP}
	}
	return map[string]string{"clickhouse.addr": s.config.Native, "clickhouse.http": s.config.HTTP}
}
