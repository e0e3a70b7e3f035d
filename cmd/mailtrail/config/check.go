package config

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
)

// checkTogether finds values that are right one by one and cannot be right together.
func (l *loader) checkTogether() {
	c := &l.loaded.Config
	l.checkListeners()
	l.checkPair("gateway.tls.cert", "gateway.tls.key")
	l.checkPair("api.tls.cert", "api.tls.key")
	l.checkPair("keys.tls.cert", "keys.tls.key")
	if c.Gateway.TLS.ClientCA != "" && c.Gateway.TLS.Cert == "" {
		l.contradiction([]string{"gateway.tls.client_ca", "gateway.tls.cert"}, "gateway.tls.cert and gateway.tls.key as well, since client certificates need TLS",
			"set gateway.tls.cert and gateway.tls.key")
	}
	l.checkClientTLS("kafka.tls", c.Kafka.TLS)
	l.checkClientTLS("clickhouse.tls", c.ClickHouse.TLS)
	l.checkSASL("kafka.sasl", c.Kafka.SASL)
	l.checkSASL("verify.kafka.sasl", c.Verify.Kafka.SASL)
	l.checkPair("objects.access_key", "objects.secret_key_file")
	l.checkPair("verify.objects.access_key", "verify.objects.secret_key_file")
	if c.Verify.ClickHouse.PasswordFile.Path != "" && c.Verify.ClickHouse.User == "" {
		l.contradiction([]string{"verify.clickhouse.password_file", "verify.clickhouse.user"}, "verify.clickhouse.user as well", "set verify.clickhouse.user")
	}
	l.checkKeysEndpoint("keys.listen", c.Keys.Listen)
	l.checkKeysEndpoint("keys.connect", c.Keys.Connect)
	l.checkKeysSocket("keys.listen", c.Keys.Listen)
	l.checkKeysSocket("keys.connect", c.Keys.Connect)
	l.checkKeysStore()
	l.checkMemory()
	if c.Mode == Embedded {
		l.checkEmbedded()
	}
}

// contradiction blames the first of keys, unless one of them is already known to be wrong.
func (l *loader) contradiction(keys []string, expected, try string) {
	for _, mistake := range l.mistakes {
		if slices.Contains(keys, mistake.Key) {
			return
		}
	}
	blamed := l.table.byPath[keys[0]]
	value := shown(blamed.path, plainText(blamed.value))
	l.add(Mistake{Key: blamed.path, Origin: l.origins[blamed.path], Problem: Contradiction, Value: value, Expected: expected, Try: try})
}

// checkPair wants both keys or neither.
func (l *loader) checkPair(a, b string) {
	if isEmpty(l.table.byPath[a].value) {
		a, b = b, a
	}
	if !isEmpty(l.table.byPath[a].value) && isEmpty(l.table.byPath[b].value) {
		l.contradiction([]string{a, b}, b+" as well: one is of no use without the other", "set "+b+", or leave out "+a)
	}
}

// checkClientTLS wants a certificate with its key, and TLS settings only where TLS is on: otherwise somebody
// believes that a connection is protected which is not.
func (l *loader) checkClientTLS(section string, tls ClientTLS) {
	l.checkPair(section+".cert", section+".key")
	if tls.Enabled {
		return
	}
	for _, name := range []string{"ca", "cert", "key"} {
		if !isEmpty(l.table.byPath[section+"."+name].value) {
			l.contradiction([]string{section + "." + name, section + ".enabled"}, section+".enabled to be true: without it the connection is not encrypted", section+".enabled: true")
			return
		}
	}
	if tls.InsecureSkipVerify {
		l.contradiction([]string{section + ".insecure_skip_verify", section + ".enabled"}, section+".enabled to be true: without it there is no certificate to skip", section+".enabled: true")
	}
}

// checkSASL wants a mechanism with user and password, and neither of them without it.
func (l *loader) checkSASL(section string, sasl SASL) {
	mechanism, user, password := section+".mechanism", section+".user", section+".password_file"
	if sasl.Mechanism == "" {
		for _, path := range []string{user, password} {
			if !isEmpty(l.table.byPath[path].value) {
				l.contradiction([]string{path, mechanism}, mechanism+" as well: without it nobody logs in", mechanism+": SCRAM-SHA-512")
				return
			}
		}
		return
	}
	for _, path := range []string{user, password} {
		if isEmpty(l.table.byPath[path].value) {
			l.contradiction([]string{mechanism, path}, path+" as well", "set "+path)
		}
	}
}

// checkKeysEndpoint wants mutual TLS wherever slot keys travel over a network.
func (l *loader) checkKeysEndpoint(path string, endpoint Endpoint) {
	if network, _ := endpoint.Dial(); endpoint == "" || network == "unix" {
		return
	}
	for _, needed := range []string{"keys.tls.cert", "keys.tls.key", "keys.tls.ca"} {
		if isEmpty(l.table.byPath[needed].value) {
			l.contradiction([]string{path, needed}, needed+" as well: slot keys travel over mutual TLS or a unix socket alone", "set "+needed+", or use unix:PATH")
			return
		}
	}
}

// checkKeysSocket wants sockets apart from the keys, among which nothing else may lie.
func (l *loader) checkKeysSocket(path string, endpoint Endpoint) {
	network, address := endpoint.Dial()
	if network == "unix" && filepath.Clean(filepath.Dir(address)) == filepath.Clean(l.loaded.KeysDir()) {
		l.contradiction([]string{path, "keys.dir"}, "a socket outside of the folder of keys, in which nothing else may lie", "unix:"+l.loaded.KeysSocket())
	}
}

// checkKeysStore wants keys in one place, and their tombstones and the ledger apart from them.
func (l *loader) checkKeysStore() {
	c := &l.loaded.Config
	if c.Keys.Memory && c.Keys.Dir != "" {
		l.contradiction([]string{"keys.dir", "keys.memory"}, "nothing where keys.memory is true: such keys lie in no folder", "leave out keys.dir, or keys.memory")
	}
	if dir := filepath.Clean(c.KeysDir()); dir == filepath.Clean(c.Data) || dir == filepath.Clean(c.LedgerDir()) {
		l.contradiction([]string{"keys.dir", "data"}, "a folder of its own: what remembers destroyed keys must not lie among them", filepath.Join(c.Data, "keys"))
	}
}

// blocksInMemory is how often a block's columns fit into the whole process: the block that is built, the one
// that is being sent, its encoded form, and the messages that were fetched ahead.
const blocksInMemory = 4

func (l *loader) checkMemory() {
	ingest := l.loaded.Ingest
	if ingest.BlockBytes > ingest.Memory/blocksInMemory {
		l.contradiction([]string{"ingest.block_bytes", "ingest.memory"},
			fmt.Sprintf("at most a %dth of ingest.memory (%s), which bounds the whole process", blocksInMemory, ingest.Memory),
			(ingest.Memory / blocksInMemory).String())
	}
}

// checkEmbedded holds the embedded stack's own limits: one broker, one server, in the clear on this machine.
func (l *loader) checkEmbedded() {
	c := &l.loaded.Config
	one := "one address: in embedded mode it says where the embedded server listens"
	external := "mode: external, or leave it out"
	if len(c.Kafka.Brokers) > 1 {
		l.contradiction([]string{"kafka.brokers", "mode"}, one, string(c.Kafka.Brokers[0]))
	}
	if len(c.ClickHouse.Addr) > 1 {
		l.contradiction([]string{"clickhouse.addr", "mode"}, one, string(c.ClickHouse.Addr[0]))
	}
	if c.Kafka.Replication > 1 {
		l.contradiction([]string{"kafka.replication", "mode"}, "1: the embedded broker is alone", "1")
	}
	for _, path := range []string{"kafka.tls.enabled", "clickhouse.tls.enabled", "objects.tls"} {
		if l.table.byPath[path].value.Bool() {
			l.contradiction([]string{path, "mode"}, "false: the embedded servers speak in the clear, on this machine alone", external)
		}
	}
	for _, path := range []string{"kafka.sasl.mechanism", "clickhouse.cluster"} {
		if !isEmpty(l.table.byPath[path].value) {
			l.contradiction([]string{path, "mode"}, "nothing: the embedded stack has none", external)
		}
	}
}

// checkListeners finds two keys that want the same port of this machine. In embedded mode one process opens all of
// them; in external mode each role runs alone, often elsewhere, and only shares a process with metrics.
func (l *loader) checkListeners() {
	roles := []string{"gateway.listen", "api.listen", "images.listen", "keys.listen"}
	if l.loaded.Mode != Embedded {
		for _, role := range roles {
			l.checkDistinct([]string{"metrics.listen", role})
		}
		return
	}
	l.checkDistinct(append([]string{"metrics.listen", "kafka.brokers", "clickhouse.addr", "clickhouse.http", "objects.endpoint"}, roles...))
}

func (l *loader) checkDistinct(paths []string) {
	for i, path := range paths {
		for _, earlier := range paths[:i] {
			if clash(plainText(l.table.byPath[path].value), plainText(l.table.byPath[earlier].value)) {
				l.contradiction([]string{path, earlier}, "another address than that of "+earlier, "another port")
				break
			}
		}
	}
}

// clash tells whether two listeners cannot both be opened on one machine.
func clash(a, b string) bool {
	hostA, portA, okA := splitAddress(a)
	hostB, portB, okB := splitAddress(b)
	if !okA || !okB || portA == 0 || portA != portB {
		return false
	}
	hostA, hostB = plainHost(hostA), plainHost(hostB)
	return hostA == hostB || hostA == "" || hostB == ""
}

// plainHost is one form for hosts that mean the same: "" for every interface.
func plainHost(host string) string {
	if strings.EqualFold(host, "localhost") {
		return "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip != nil {
		if ip.IsUnspecified() {
			return ""
		}
		return ip.String()
	}
	return strings.ToLower(host)
}
