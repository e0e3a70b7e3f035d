package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// document is the whole of the published configuration, as a person would copy it.
const document = `
mode: embedded            # or external
data: ./data
gateway:    {listen: 127.0.0.1:8441, tls: {cert: "", key: "", client_ca: ""}, max_body: 16MiB}
api:        {listen: 127.0.0.1:8080, tls: {cert: "", key: ""}}
metrics:    {listen: 127.0.0.1:9464}            # /metrics, /healthz, /readyz
kafka:      {brokers: [127.0.0.1:9092], tls: {}, sasl: {mechanism: "", user: "", password_file: ""}, partitions: 4, replication: 1, max_message: 16MiB}
clickhouse: {addr: [127.0.0.1:9000], http: 127.0.0.1:8123, database: mailtrail, user: "", password_file: "", tls: {}, cluster: ""}
objects:    {endpoint: 127.0.0.1:9100, bucket: mailtrail-images, access_key: "", secret_key_file: "", tls: false}
ingest:     {group: mailtrail, block_rows: 250000, block_bytes: 64MiB, block_age: 1s, memory: 768MiB, ahead: 10m}   # block_bytes: columns in memory
images:     {listen: 127.0.0.1:8442, pack_bytes: 8MiB, pack_age: 250ms}
keys:       {dir: "", listen: "", connect: "", tls: {cert: "", key: "", ca: ""}}
verify:     {directories: [], waive: [], clickhouse: {user: "", password_file: ""}, kafka: {sasl: {}}, objects: {access_key: "", secret_key_file: ""}}
retention:  {schedule: "", sweep_every: 1m}
access:     {file: ""}
log:        {level: info, format: auto}
`

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "site.yaml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func mistakesOf(t *testing.T, err error) Mistakes {
	t.Helper()
	var mistakes Mistakes
	require.ErrorAs(t, err, &mistakes)
	return mistakes
}

func TestDefaultsAreThePublishedDocument(t *testing.T) {
	defaults, err := Load(Options{})
	require.NoError(t, err)
	written, err := Load(Options{File: write(t, document)})
	require.NoError(t, err)
	require.Equal(t, defaults.Config, written.Config)

	require.Equal(t, Embedded, defaults.Mode)
	require.Equal(t, []Address{"127.0.0.1:9092"}, defaults.Kafka.Brokers)
	require.Equal(t, ByteSize(64<<20), defaults.Ingest.BlockBytes)
	require.Equal(t, 250*time.Millisecond, defaults.Images.PackAge)
	require.Equal(t, filepath.Join("data", "access.yaml"), defaults.AccessFile())
	require.Equal(t, filepath.Join("data", "keys"), defaults.KeysDir())
	require.Equal(t, Endpoint("unix:"+filepath.Join("data", "keys.sock")), defaults.KeysConnect())
	external, err := Load(Options{File: write(t, "mode: external")})
	require.NoError(t, err)
	require.Empty(t, external.KeysConnect(), "there nobody serves keys by himself")
	several, err := Load(Options{File: write(t, "kafka: {brokers: [one.example.org:9092,  127.0.0.2:9093], tls: {}}\nmode: external")})
	require.NoError(t, err)
	require.Equal(t, []string{"one.example.org:9092", "127.0.0.2:9093"}, Strings(several.Kafka.Brokers))
	require.Equal(t, Origin{}, defaults.Origin("mode"))
	require.Equal(t, 2, written.Origin("mode").Line)
}

func TestThreeMistakesAtOnce(t *testing.T) {
	path := write(t, "gateway:\n  listen: \"8441\"\nkafka:\n  broker: [a:9092]\ningest:\n  block_rows: many\n")
	_, err := Load(Options{File: path})
	require.Equal(t, Mistakes{
		{Key: "gateway.listen", Origin: Origin{FromFile, path, 2, 11}, Problem: WrongValue, Value: "8441",
			Expected: "an address host:port to listen on", Try: "127.0.0.1:8441"},
		{Key: "kafka.broker", Origin: Origin{FromFile, path, 4, 3}, Problem: UnknownKey,
			Expected: "one of brokers, tls, sasl, partitions, replication, max_message", Try: "kafka.brokers"},
		{Key: "ingest.block_rows", Origin: Origin{FromFile, path, 6, 15}, Problem: WrongType, Value: "many",
			Expected: "a whole number", Try: "250000 (the default)"},
	}, mistakesOf(t, err))
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 3)
	require.Equal(t, path+`:2:11: gateway.listen: wrong value "8441": expected an address host:port to listen on; try: 127.0.0.1:8441`, lines[0])
}

func TestMistakesInTheFile(t *testing.T) {
	for name, test := range map[string]struct {
		yaml         string
		key          string
		problem      Problem
		line, column int
		try          string
	}{
		"unknown section":          {"gatway: {listen: a:1}", "gatway", UnknownKey, 1, 1, "gateway"},
		"key of another section":   {"brokers: [a:1]", "brokers", UnknownKey, 1, 1, "kafka.brokers"},
		"swapped letters":          {"log:\n  levle: info", "log.levle", UnknownKey, 2, 3, "log.level"},
		"nothing alike":            {"zzzzzz: 1", "zzzzzz", UnknownKey, 1, 1, "remove it"},
		"key twice":                {"mode: embedded\nmode: external", "mode", DuplicateKey, 2, 1, "keep one"},
		"missing value":            {"data:", "data", MissingValue, 1, 1, "./data"},
		"empty required":           {"kafka: {brokers: []}", "kafka.brokers", MissingValue, 1, 18, "127.0.0.1:9092"},
		"text where a list":        {"kafka: {brokers: a:9092}", "kafka.brokers", WrongType, 1, 18, "[a:9092]"},
		"list where text":          {"data: [a, b]", "data", WrongType, 1, 7, "./data"},
		"mapping where text":       {"data: {a: b}", "data", WrongType, 1, 1, "./data"},
		"text where a section":     {"kafka: here", "kafka", WrongType, 1, 8, "one `key: value` a line"},
		"number where text":        {"objects: {access_key: 12}", "objects.access_key", WrongType, 1, 23, "the name of a file"},
		"number for the group":     {"ingest: {group: 12}", "ingest.group", WrongType, 1, 17, `"12" (in quotes)`},
		"quoted number":            {`kafka: {partitions: "4"}`, "kafka.partitions", WrongType, 1, 21, "4 (without quotes)"},
		"fraction":                 {"kafka: {partitions: 4.5}", "kafka.partitions", WrongType, 1, 21, "4 (the default)"},
		"yes where true":           {"objects: {tls: yes}", "objects.tls", WrongType, 1, 16, "true"},
		"duration without unit":    {"ingest: {ahead: 10}", "ingest.ahead", WrongValue, 1, 17, "10s"},
		"size with a strange unit": {"gateway: {max_body: 16Mo}", "gateway.max_body", WrongValue, 1, 21, "16MiB"},
		"size too large":           {"gateway: {max_body: 99999999TiB}", "gateway.max_body", WrongValue, 1, 21, "16MiB"},
		"negative size":            {"gateway: {max_body: -1}", "gateway.max_body", WrongValue, 1, 21, "16MiB"},
		"out of range":             {"kafka: {partitions: 0}", "kafka.partitions", OutOfRange, 1, 21, "4 (the default)"},
		"one of":                   {"log: {level: warning}", "log.level", WrongValue, 1, 14, "warn"},
		"pattern":                  {"clickhouse: {database: a-b}", "clickhouse.database", WrongValue, 1, 24, "mailtrail"},
		"address as URL":           {"objects: {endpoint: 'http://minio:9000/'}", "objects.endpoint", WrongValue, 1, 21, "minio:9000"},
		"second address wrong":     {"kafka: {brokers: [a:1, b:99999]}", "kafka.brokers", WrongValue, 1, 24, "127.0.0.1:9092"},
		"empty item":               {"kafka: {brokers: [a:1, '']}", "kafka.brokers", MissingValue, 1, 24, "127.0.0.1:9092"},
		"waiver without reason":    {"verify: {waive: [{object: x}]}", "verify.waive", WrongValue, 1, 10, "{object: NAME"},
		"alias":                    {"data: &a ./x\nreference: {facilities: *a}", "reference.facilities", WrongType, 2, 25, "text"},
		"broken YAML":              {"mode: embedded\nkafka: [", "", NotYAML, 2, 8, "indent"},
		"two documents":            {"mode: embedded\n---\nmode: external", "", NotYAML, 0, 0, "indent"},
		"list at the top":          {"- a\n- b", "", WrongType, 1, 1, "one `key: value` a line"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(Options{File: write(t, test.yaml)})
			found := mistakesOf(t, err)
			m := found[len(found)-1]
			require.Equal(t, test.key, m.Key, err)
			require.Equal(t, test.problem, m.Problem, err)
			require.Contains(t, m.Try, test.try, err)
			require.Equal(t, [2]int{test.line, test.column}, [2]int{m.Origin.Line, m.Origin.Column}, err)
			require.NotEmpty(t, m.Expected)
		})
	}
}

func TestContradictions(t *testing.T) {
	for name, test := range map[string]struct{ yaml, key, expected string }{
		"certificate without key":     {"gateway: {tls: {cert: a}}", "gateway.tls.cert", "gateway.tls.key as well"},
		"key without certificate":     {"api: {tls: {key: a}}", "api.tls.key", "api.tls.cert as well"},
		"client CA alone":             {"gateway: {tls: {client_ca: a}}", "gateway.tls.client_ca", "gateway.tls.cert and"},
		"TLS set but off":             {"{mode: external, kafka: {tls: {ca: a}}}", "kafka.tls.ca", "kafka.tls.enabled to be true"},
		"unchecked but off":           {"{mode: external, clickhouse: {tls: {insecure_skip_verify: true}}}", "clickhouse.tls.insecure_skip_verify", "clickhouse.tls.enabled"},
		"mechanism without user":      {"{mode: external, kafka: {sasl: {mechanism: PLAIN, password_file: p}}}", "kafka.sasl.mechanism", "kafka.sasl.user"},
		"user without mechanism":      {"kafka: {sasl: {user: a}}", "kafka.sasl.user", "kafka.sasl.mechanism"},
		"access key without secret":   {"objects: {access_key: a}", "objects.access_key", "objects.secret_key_file"},
		"auditor without user":        {"verify: {clickhouse: {password_file: a}}", "verify.clickhouse.password_file", "verify.clickhouse.user"},
		"keys over plain TCP":         {"keys: {listen: '127.0.0.1:7000'}", "keys.listen", "keys.tls.cert"},
		"keys in memory and a folder": {"keys: {memory: true, dir: k}", "keys.dir", "nothing where keys.memory is true"},
		"keys beside the tombstones":  {"{data: /srv/d, keys: {dir: /srv/d/}}", "keys.dir", "a folder of its own"},
		"a socket among the keys":     {"{data: d, keys: {listen: 'unix:./d/keys/s'}}", "keys.listen", "a socket outside of the folder of keys"},
		"keys within the ledger":      {"{data: d, keys: {dir: ./d/ledger}}", "keys.dir", "a folder of its own"},
		"blocks larger than memory":   {"ingest: {block_bytes: 512MiB}", "ingest.block_bytes", "at most a 4th of ingest.memory (768MiB)"},
		"same port twice":             {"api: {listen: 127.0.0.1:8441}", "api.listen", "another address than that of gateway.listen"},
		"same port on all":            {"api: {listen: ':9092'}", "api.listen", "another address than that of kafka.brokers"},
		"same port by another name":   {"api: {listen: 'localhost:8123'}", "api.listen", "another address than that of clickhouse.http"},
		"metrics of an external":      {"{mode: external, gateway: {listen: '0.0.0.0:9464'}}", "gateway.listen", "metrics.listen"},
		"two brokers embedded":        {"kafka: {brokers: [a:1, b:1]}", "kafka.brokers", "one address"},
		"replication embedded":        {"kafka: {replication: 3}", "kafka.replication", "1: the embedded broker is alone"},
		"cluster embedded":            {"clickhouse: {cluster: c}", "clickhouse.cluster", "nothing"},
		"TLS to an embedded service":  {"clickhouse: {tls: {enabled: true}}", "clickhouse.tls.enabled", "false"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(Options{File: write(t, test.yaml)})
			found := mistakesOf(t, err)
			require.Len(t, found, 1, err)
			require.Equal(t, Contradiction, found[0].Problem)
			require.Equal(t, test.key, found[0].Key)
			require.Equal(t, 1, found[0].Origin.Line)
			require.Contains(t, found[0].Expected, test.expected)
		})
	}
}

func TestRolesOfAnExternalModeMayShareAPort(t *testing.T) {
	_, err := Load(Options{File: write(t, "{mode: external, gateway: {listen: ':443'}, api: {listen: ':443'}}")})
	require.NoError(t, err)
}

func TestLaterSourcesWin(t *testing.T) {
	path := write(t, "data: file\nlog: {level: debug}\nkafka: {partitions: 8}\n")
	loaded, err := Load(Options{
		Environ: []string{"MAILTRAIL_CONFIG=" + path, "MAILTRAIL_DATA=environment", "MAILTRAIL_LOG_LEVEL=warn", "HOME=/"},
		Flags:   []Setting{{"--set", "data", "set"}, {"--data", "data", "flag"}},
	})
	require.NoError(t, err)
	require.Equal(t, "flag", loaded.Data)
	require.Equal(t, "warn", loaded.Log.Level)
	require.Equal(t, 8, loaded.Kafka.Partitions)
	require.Equal(t, path, loaded.File)
	require.Equal(t, "--data", loaded.Origin("data").String())
	require.Equal(t, "MAILTRAIL_LOG_LEVEL", loaded.Origin("log.level").String())
	require.Equal(t, path+":3:21", loaded.Origin("kafka.partitions").String())
	require.Equal(t, "default", loaded.Origin("kafka.replication").String())
}

// sample is a value of the key's type that is not its default.
func sample(k key) string {
	switch k.path {
	case "mode":
		return "external"
	case "log.level":
		return "error"
	case "log.format":
		return "json"
	}
	switch k.value.Interface().(type) {
	case Address, Listen, Endpoint:
		return "example.org:7777"
	case []Address:
		return "one.example.org:7771, two.example.org:7772"
	case []string:
		return "/one, /two"
	case []Waiver:
		return `[{object: "table x", reason: "read, and found empty"}]`
	case ByteSize:
		return "1MiB"
	case time.Duration:
		return "30s"
	case bool:
		return "true"
	case int:
		return "7"
	}
	if strings.HasSuffix(k.path, "mechanism") {
		return "PLAIN"
	}
	return "sample"
}

func TestEveryKeyIsSetByTheEnvironmentAndByAFlag(t *testing.T) {
	fixed := map[string]string{"ingest.memory": "2GiB"}
	variables := map[string]string{}
	for _, k := range tableOf(&Config{}).keys {
		t.Run(k.path, func(t *testing.T) {
			require.NotContains(t, variables, k.variable(), "two keys share a variable")
			variables[k.variable()] = k.path
			value := sample(k)
			if v, ok := fixed[k.path]; ok {
				value = v
			}
			l := newLoader()
			l.readEnvironment(map[string]string{k.variable(): value})
			l.readFlag(Setting{"--set", "log.level", "error"})
			require.Empty(t, l.mistakes)
			require.Equal(t, "error", l.loaded.Log.Level)
			if k.path != "log.level" {
				require.Equal(t, k.variable(), l.origins[k.path].String())
			}
			got, untouched := l.table.byPath[k.path].value.Interface(), newLoader().table.byPath[k.path].value.Interface()
			require.NotEqual(t, untouched, got)
		})
	}
	require.Equal(t, "gateway.tls.cert", variables["MAILTRAIL_GATEWAY_TLS_CERT"])
	require.Equal(t, "verify.kafka.sasl.password_file", variables["MAILTRAIL_VERIFY_KAFKA_SASL_PASSWORD_FILE"])
}

func TestEveryLeafHasANameAndARightDefault(t *testing.T) {
	l := newLoader()
	require.Empty(t, l.mistakes)
	for _, k := range l.table.keys {
		require.NotEmpty(t, lastName(k.path))
		if tag, ok := k.tag.Lookup("min"); ok {
			require.True(t, func() bool { _, ok := k.bound("min"); return ok }(), tag)
			require.True(t, func() bool { _, ok := k.bound("max"); return ok }(), k.path)
		}
		for _, name := range []string{"min", "max", "oneof", "pattern", "expect", "required", "secret", "file", "default", "key"} {
			k.tag = reflect.StructTag(strings.ReplaceAll(string(k.tag), name+":", ""))
		}
		require.NotContains(t, string(k.tag), ":\"", "unknown tag")
	}
}

func TestMistakesInEnvironmentAndFlags(t *testing.T) {
	_, err := Load(Options{
		Environ: []string{
			"MAILTRAIL_KAFKA_PARTITIONS=four", "MAILTRAIL_GATEWY_LISTEN=a:1", "MAILTRAIL_INGEST_BATCH=1", "MAILTRAIL_VERIFY_WAIVE=x",
			"MAILTRAIL_CACHE=/cache", "MAILTRAIL_GATEWAY_SERVICE_HOST=10.0.0.1", "MAILTRAIL_GATEWAY_PORT=tcp://10.0.0.1:8441", "MAILTRAIL_KAFKA_PORT_9092_TCP=x",
		},
		Flags: []Setting{{"--set", "nowhere", "1"}},
	})
	got := map[string]string{}
	for _, m := range mistakesOf(t, err) {
		got[m.Origin.String()] = m.Try
	}
	require.Equal(t, map[string]string{
		"MAILTRAIL_KAFKA_PARTITIONS": "4 (the default)",
		"MAILTRAIL_GATEWY_LISTEN":    "MAILTRAIL_GATEWAY_LISTEN",
		"MAILTRAIL_INGEST_BATCH":     "unset MAILTRAIL_INGEST_BATCH; `mailtrail config show` prints every key",
		"MAILTRAIL_VERIFY_WAIVE":     `[{object: NAME, reason: "why nobody needs to look"}]`,
		"--set":                      "remove it, or one of the keys named; `mailtrail config show` prints all of them",
	}, got)
}

func TestAnAbsentFileIsAMistake(t *testing.T) {
	_, err := Load(Options{File: filepath.Join(t.TempDir(), "absent.yaml")})
	found := mistakesOf(t, err)
	require.Len(t, found, 1)
	require.Equal(t, Unreadable, found[0].Problem)
	require.Contains(t, found[0].Error(), "no such file")
}

func TestWhatTheParserSaysIsPassedOn(t *testing.T) {
	_, err := Load(Options{File: write(t, "kafka: {brokers: [a:1 b:2\n")})
	require.ErrorContains(t, err, "sequence end token ']' not found")
}

func TestSecretsAreNeverShown(t *testing.T) {
	const secret = "hunter2-is-my-password"
	for _, yaml := range []string{
		"kafka: {sasl: {password: " + secret + "}}",
		"kafka: {sasl: {pasword: " + secret + "}}",
		"objects: {secret_key: " + secret + "}",
		"objects: {access_key: " + secret + "}",
		"token: " + secret,
		"clickhouse: {password_file: [" + secret + "]}",
		"kafka: {sasl: {password_file: \"" + secret + "}}",
		"%YAML " + secret + "\n---\nmode: embedded\n",
		"kafka:\n  sasl:\n   password_file: x\n  " + secret + "\n",
	} {
		_, err := Load(Options{File: write(t, yaml)})
		require.Error(t, err, yaml)
		require.NotContains(t, err.Error(), secret, yaml)
	}
	_, err := Load(Options{Environ: []string{"MAILTRAIL_KAFKA_SASL_PASSWORD=" + secret}, Flags: []Setting{{"--set", "objects.secret", secret}}})
	require.Len(t, mistakesOf(t, err), 2)
	require.NotContains(t, err.Error(), secret)
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(document))
	f.Add([]byte("gateway:\n  listen: \"8441\"\nkafka:\n  broker: [a:9092]\n"))
	f.Add([]byte("verify: {waive: [{object: a, reason: b}]}\n? [a]\n: b\n"))
	f.Add([]byte("a: &a [*a]\n<<: *a\n!!str data: |\n  x\n"))
	f.Add([]byte("[[[[{{{{"))
	f.Fuzz(func(t *testing.T, content []byte) {
		l := newLoader()
		l.readDocument("fuzz.yaml", content)
		loaded, err := l.finish()
		if err != nil {
			for _, m := range mistakesOf(t, err) {
				require.NotEmpty(t, m.Expected)
				require.NotEmpty(t, m.Try)
			}
			return
		}
		var shown strings.Builder
		require.NoError(t, loaded.Show(&shown))
		again := newLoader()
		again.readDocument("shown.yaml", []byte(shown.String()))
		reloaded, err := again.finish()
		require.False(t, errors.As(err, new(Mistakes)), "%v\n%s", err, shown.String())
		if loaded.Objects.AccessKey == "" && loaded.Verify.Objects.AccessKey == "" {
			require.Equal(t, loaded.Config, reloaded.Config)
		}
	})
}
