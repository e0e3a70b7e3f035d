package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/deploy/local/engines"
	"mailtrail/schemas/event"
)

// pythonClients are the stock clients, pinned.
var pythonClients = []string{"confluent-kafka==2.16.1", "clickhouse-connect==1.12.0", "clickhouse-driver==0.2.11"}

// python returns a Python that has the stock clients, made once a machine in the cache.
func python(t *testing.T) string {
	t.Helper()
	system, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is missing, so the stock clients in Python are not tried")
	}
	if err := exec.Command(system, "-c", "import venv, ensurepip").Run(); err != nil {
		t.Skip("python3 has no pip (in Debian: python3-venv), so the stock clients in Python are not tried")
	}
	cache, err := engines.CacheDir()
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(cache, 0o755))
	folder := filepath.Join(cache, "python-clients")
	lock := flock.New(folder + ".lock")
	require.NoError(t, lock.Lock())
	defer lock.Close()
	path, marker, want := filepath.Join(folder, "bin", "python3"), filepath.Join(folder, "complete"), strings.Join(pythonClients, "\n")
	if have, err := os.ReadFile(marker); err == nil && string(have) == want {
		return path
	}
	require.NoError(t, os.RemoveAll(folder))
	fmt.Fprintln(os.Stderr, "fetching stock clients in Python with pip, for the tests; they are kept in", folder)
	for _, command := range [][]string{{system, "-m", "venv", folder}, append([]string{path, "-m", "pip", "install", "-q", "--disable-pip-version-check"}, pythonClients...)} {
		out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	require.NoError(t, os.WriteFile(marker, []byte(want), 0o644))
	return path
}

// client runs a stock client to its end and returns what it printed.
func client(t *testing.T, input, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &said
	require.NoError(t, cmd.Run(), "%s %s", out.String(), said.String())
	return out.String()
}

// stored counts the rows of n events from the serial number on, as analysts see them.
func (s *site) stored(from, n int) uint64 {
	first, next := imbOf(from), imbOf(from+n)
	return s.count(fmt.Sprintf("SELECT count() FROM mailtrail.scans WHERE imb >= '%s' AND imb < '%s'", first, next))
}

// imbOf is the barcode of scan.
func imbOf(serial int) string {
	var event struct{ IMb string }
	if err := json.Unmarshal([]byte(scan(serial)), &event); err != nil {
		panic(err) // scan makes JSON
	}
	return event.IMb
}

// becomes waits until so many rows of the events are stored, and until all that is in the topic is accounted for, so
// that no more of them come.
func (s *site) becomes(want uint64, from, n int) {
	s.t.Helper()
	eventually(s.t, 30*time.Second, func() error { return expect(want, s.stored(from, n)) })
	s.accounted(30 * time.Second)
	require.Equal(s.t, want, s.stored(from, n))
}

func TestOtherProgramsClients(t *testing.T) {
	s := newSite(t)
	p := s.up()
	t.Run("producer in Python", func(t *testing.T) { producerInPython(t, s.as(t)) })
	t.Run("console producer in Java", func(t *testing.T) { consoleProducer(t, s.as(t)) })
	t.Run("curl", func(t *testing.T) { curlToTheGateway(t, s.as(t)) })
	t.Run("CONFIRM files", func(t *testing.T) { confirmFiles(t, s.as(t)) })
	t.Run("analyst", func(t *testing.T) { analystInPython(t, s.as(t)) })
	p.stop()
}

func producerInPython(t *testing.T, s *site) {
	const from = 10_000
	interpreter := python(t)
	produce := func(records ...map[string]any) (places []map[string]any) {
		var input strings.Builder
		for _, record := range records {
			require.NoError(t, json.NewEncoder(&input).Encode(record))
		}
		places = jsonLines(t, client(t, input.String(), interpreter, "testdata/clients/producer.py", s.brokers))
		require.Len(t, places, len(records))
		return places
	}
	var records []map[string]any
	for i := range 50 {
		records = append(records, map[string]any{"value": scan(from + i)})
	}
	for i := range 50 {
		records = append(records, map[string]any{"value": scan(from + 50 + i), "key": fmt.Sprint("dbcs-", i)})
	}
	produce(records...)
	s.becomes(100, from, 100)

	t.Run("a batch id counts once", func(t *testing.T) {
		s := s.as(t)
		repeat := map[string]any{"value": scan(from + 200), "key": "run-1", "headers": map[string]string{event.BatchIDHeader: "run-1"}}
		before := s.accounted(30 * time.Second).outcomes["duplicate"]
		places := produce(repeat, repeat)
		require.Equal(t, places[0]["partition"], places[1]["partition"], "an equal key leads to one partition")
		s.becomes(1, from+200, 1)
		require.Equal(t, before+1, s.accounted(30 * time.Second).outcomes["duplicate"])
	})
	t.Run("a batch id counts once over partitions", func(t *testing.T) {
		s := s.as(t)
		before := s.accounted(30 * time.Second).outcomes["duplicate"]
		for partition := range 3 { // one after the other is stored
			produce(map[string]any{"value": scan(from + 300), "partition": partition, "headers": map[string]string{event.BatchIDHeader: "run-2"}})
			s.becomes(1, from+300, 1)
		}
		require.Equal(t, before+2, s.accounted(30 * time.Second).outcomes["duplicate"])
	})
	t.Run("equal events without a batch id are two", func(t *testing.T) {
		produce(map[string]any{"value": scan(from + 400)}, map[string]any{"value": scan(from + 400)})
		s.as(t).becomes(2, from+400, 1)
	})
}

func consoleProducer(t *testing.T, s *site) {
	const from = 20_000
	fetcher, err := engines.New(engines.Config{}, engines.Deps{Out: os.Stderr})
	require.NoError(t, err)
	kafka, err := fetcher.Kafka(t.Context())
	require.NoError(t, err)
	produce := func(input string, properties ...string) {
		args := []string{"-cp", filepath.Join(kafka.Jars, "*"), "org.apache.kafka.tools.ConsoleProducer", "--bootstrap-server", s.brokers, "--topic", event.ScansTopic}
		for _, property := range properties {
			args = append(args, "--property", property)
		}
		client(t, input, kafka.Java, args...)
	}
	var plain, keyed strings.Builder
	for i := range 20 {
		fmt.Fprintln(&plain, scan(from+i))
		// Each stands twice, with a batch id of its own.
		line := fmt.Sprintf("%s:java-%d\tkey-%d\t%s\n", event.BatchIDHeader, i, i, scan(from+100+i))
		keyed.WriteString(line + line)
	}
	produce(plain.String())
	s.becomes(20, from, 20)
	produce(keyed.String(), "parse.headers=true", "parse.key=true")
	s.becomes(20, from+100, 20)
}

func curlToTheGateway(t *testing.T, s *site) {
	const from = 30_000
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is missing")
	}
	token := s.device("dbcs-0421")
	folder := t.TempDir()
	serial := from
	next := func() string { serial++; return scan(serial) }
	call := func(t *testing.T, path string, args ...string) (status int, answer map[string]any) {
		out := client(t, "", curl, append([]string{"-sS", "-w", "\n%{http_code}", "http://" + s.gateway + path}, args...)...)
		cut := strings.LastIndexByte(out, '\n')
		status, err := strconv.Atoi(out[cut+1:])
		require.NoError(t, err, out)
		require.NoError(t, json.Unmarshal([]byte(out[:cut]), &answer), out)
		return status, answer
	}
	body := func(t *testing.T, raw []byte) string {
		path := filepath.Join(folder, "body")
		require.NoError(t, os.WriteFile(path, raw, 0o600))
		return "@" + path
	}
	auth := "Authorization: Bearer " + token
	eventually(t, 10*time.Second, func() error { // the running gateway learns of the device
		status, _ := call(t, "/v1/scans?check=1", "-H", auth, "-H", "Content-Type: application/json", "-d", next())
		return expect(200, status)
	})

	for name, test := range map[string]struct {
		contentType string
		body        func() []byte
		args        []string
		accepted    int
	}{
		"single":   {"application/json", func() []byte { return []byte(next()) }, nil, 1},
		"array":    {"application/json", func() []byte { return []byte("[" + next() + "," + next() + "," + next() + "]") }, nil, 3},
		"lines":    {"application/x-ndjson", func() []byte { return []byte(next() + "\n" + next() + "\n") }, nil, 2},
		"gzip":     {"application/x-ndjson", func() []byte { return zipped(next() + "\n" + next() + "\n") }, []string{"-H", "Content-Encoding: gzip"}, 2},
		"protobuf": {"application/x-protobuf", func() []byte { return batchOf(t, next(), next()) }, nil, 2},
		"basic":    {"application/json", func() []byte { return []byte(next()) }, []string{"-u", "dbcs-0421:" + token, "-H", "Authorization:"}, 1},
		"push": {"application/json", func() []byte {
			return []byte(`{"msgGrpId":"G1","msgSerNbr":"1","totMsgCnt":"2","recCnt":"2","events":[` + next() + "," + next() + "]}")
		}, nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"-H", "Content-Type: " + test.contentType, "--data-binary", body(t, test.body())}
			if name == "basic" {
				args = append(args, test.args[:2]...)
			} else {
				args = append(append(args, "-H", auth), test.args...)
			}
			status, answer := call(t, "/v1/scans", args...)
			require.Equal(t, 202, status, answer)
			require.EqualValues(t, test.accepted, answer["accepted"])
			require.Empty(t, answer["refused"])
			eventually(t, 20*time.Second, func() error {
				status, became := call(t, "/v1/batches/"+answer["batch"].(string), "-H", auth)
				require.Equal(t, 200, status, became)
				if became["state"] != "done" {
					return fmt.Errorf("%v", became)
				}
				require.EqualValues(t, test.accepted, became["stored"])
				return nil
			})
		})
	}
	t.Run("one bad event is refused alone", func(t *testing.T) {
		bad := strings.Replace(next(), `"imb":"0027`, `"imb":"027`, 1)
		status, answer := call(t, "/v1/scans", "-H", auth, "-H", "Content-Type: application/json", "--data-binary", body(t, []byte("["+next()+","+bad+"]")))
		require.Equal(t, 202, status, answer)
		require.EqualValues(t, 1, answer["accepted"])
		refused := answer["refused"].([]any)
		require.Len(t, refused, 1)
		require.EqualValues(t, 1, refused[0].(map[string]any)["index"])
		require.Equal(t, "imb", refused[0].(map[string]any)["field"])
		status, answer = call(t, "/v1/scans", "-H", auth, "-H", "Content-Type: application/json", "--data-binary", body(t, []byte(bad)))
		require.Equal(t, 422, status, "all were refused: %v", answer)
	})
	t.Run("a bad token", func(t *testing.T) {
		for _, shown := range []string{"Authorization: Bearer " + token + "x", "Authorization: Bearer", "X-Nothing: at all"} {
			status, answer := call(t, "/v1/scans", "-H", shown, "-d", next())
			require.Equal(t, 401, status)
			require.Equal(t, "unauthorized", answer["error"].(map[string]any)["code"])
		}
	})
	t.Run("nothing that can be read", func(t *testing.T) {
		status, _ := call(t, "/v1/scans", "-H", auth, "-H", "Content-Type: application/json", "-d", "{")
		require.Equal(t, 400, status)
	})
	t.Run("what would happen", func(t *testing.T) {
		status, answer := call(t, "/v1/scans?check=1", "-H", auth, "-H", "Content-Type: application/json", "-d", next())
		require.Equal(t, 200, status)
		require.Equal(t, "stored", answer["events"].([]any)[0].(map[string]any)["outcome"])
		status, _ = call(t, "/v1/batches/"+strings.Repeat("0", 32), "-H", auth)
		require.Equal(t, 200, status)
	})
	t.Run("sent again", func(t *testing.T) {
		s := s.as(t)
		first := serial + 1
		for _, key := range []string{"", "my-key-1"} {
			text, batch := next(), ""
			for range 3 {
				args := []string{"-H", auth, "-H", "Content-Type: application/json", "-d", text}
				if key != "" {
					args = append(args, "-H", "Idempotency-Key: "+key)
				}
				status, answer := call(t, "/v1/scans", args...)
				require.Equal(t, 202, status, answer)
				require.EqualValues(t, 1, answer["accepted"])
				if batch != "" {
					require.Equal(t, batch, answer["batch"])
				}
				batch = answer["batch"].(string)
			}
			eventually(t, 20*time.Second, func() error {
				_, became := call(t, "/v1/batches/"+batch, "-H", auth)
				if became["stored"] != 1.0 || became["duplicate"] != 2.0 {
					return fmt.Errorf("%v", became)
				}
				return nil
			})
		}
		s.becomes(2, first, 2)
	})
	t.Run("schema", func(t *testing.T) {
		status, answer := call(t, "/v1/schema")
		require.Equal(t, 200, status)
		require.Contains(t, answer["proto"], "message ScanBatch")
		require.Contains(t, fmt.Sprint(answer["json"]), "scanDatetime")
	})
	t.Run("a part of a push that never came is seen", func(t *testing.T) {
		require.EqualValues(t, 1, s.as(t).count("SELECT count() FROM mailtrail.push_groups WHERE msgGrpId = 'G1' AND missing = [2]"))
	})
	t.Run("a revoked device", func(t *testing.T) {
		s.as(t).do("access", "revoke", "dbcs-0421")
		eventually(t, 10*time.Second, func() error {
			status, _ := call(t, "/v1/scans?check=1", "-H", auth, "-d", next())
			return expect(401, status)
		})
	})
}

func analystInPython(t *testing.T, s *site) {
	interpreter := python(t)
	password := s.do("access", "add", "analyst", "ann")
	before := s.count("SELECT count() FROM mailtrail.scans")
	ask := func(way, addr, password string) (string, error) {
		host, port, err := net.SplitHostPort(addr)
		require.NoError(t, err)
		cmd := exec.CommandContext(t.Context(), interpreter, "testdata/clients/analyst.py", way, host, port, "ann", password)
		var said bytes.Buffer
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, lastBytes(said.String(), 1000))
		}
		return string(out), err
	}
	eventually(t, 30*time.Second, func() error { // ClickHouse starts again with its new user
		_, err := ask("http", s.http, password)
		return err
	})
	require.NoError(t, s.sql(embedded.Owner).Exec(t.Context(), "SYSTEM FLUSH LOGS"), "now there is a query log")
	for way, addr := range map[string]string{"http": s.http, "native": s.native} {
		t.Run(way, func(t *testing.T) {
			text, err := ask(way, addr, password)
			require.NoError(t, err)
			var answer struct {
				Views   map[string]uint64
				Refused map[string]string
			}
			require.NoError(t, json.Unmarshal([]byte(text), &answer), text)
			for _, view := range []string{"scans", "pieces", "facilities", "rejects_summary", "blocks", "retention_status"} {
				require.Contains(t, answer.Views, view)
			}
			require.Equal(t, before, answer.Views["scans"])
			require.Greater(t, len(answer.Refused), 10)
			for statement, why := range answer.Refused {
				assert.Regexp(t, "Not enough privileges|ACCESS_DENIED|readonly|READONLY", why, statement)
			}
		})
	}
	t.Run("a wrong password", func(t *testing.T) {
		s := s.as(t)
		token, first, second := s.device("dbcs-7"), scan(40_000), scan(40_001)
		eventually(t, 10*time.Second, func() error {
			status, _ := s.post(token, "application/json", first, nil)
			return expect(202, status)
		})
		for way, addr := range map[string]string{"http": s.http, "native": s.native} {
			for range 3 {
				_, err := ask(way, addr, "wrong")
				require.Error(t, err, way)
			}
			status, answer := s.post(token, "application/json", second, nil)
			require.Equal(t, 202, status, answer)
			s.ready()
		}
		s.becomes(1, 40_000, 1)
		s.becomes(1, 40_001, 1) // the second time it is a repeat
		eventually(t, 30*time.Second, func() error {
			_, err := ask("native", s.native, password)
			return err
		})
		require.EqualValues(t, before+2, s.count("SELECT count() FROM mailtrail.scans"))
		require.NoError(t, s.sql(embedded.Auditor).Ping(t.Context()))
	})
}
