package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/ledger"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// filesWith are the files below a folder that hold the text, and how often.
func filesWith(t *testing.T, folder, text string) map[string]int {
	t.Helper()
	found := map[string]int{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if n := bytes.Count(content, []byte(text)); n > 0 {
			name, _ := filepath.Rel(folder, path)
			found[name] = n
		}
		return err
	}))
	return found
}

// send writes messages to mail.scans as equipment does.
func (s *site) send(values ...string) {
	s.t.Helper()
	writer := kafkago.Writer{Addr: kafkago.TCP(s.brokers), Topic: event.ScansTopic, RequiredAcks: kafkago.RequireAll}
	defer writer.Close()
	var messages []kafkago.Message
	for _, value := range values {
		messages = append(messages, kafkago.Message{Value: []byte(value)})
	}
	require.NoError(s.t, writer.WriteMessages(s.t.Context(), messages...))
}

// rejected waits for so many rejects and returns them as a list tells them.
func (s *site) rejected(n int, flags ...string) (rows []map[string]any) {
	s.t.Helper()
	eventually(s.t, 30*time.Second, func() error {
		rows = jsonLines(s.t, s.do(append([]string{"rejects", "list", "--format", "json"}, flags...)...))
		return expect(n, len(rows))
	})
	return rows
}

// contradictory is an event of this moment that is never stored.
func contradictory(serial int) string {
	return fmt.Sprintf(`{"imb":"00270123456%09d10118112501","imbMid":"999999","scanDatetime":%q,"scanFacilityName":"A","machineId":"M"}`,
		serial, time.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
}

// outcomes are what the receipts say.
func (s *site) outcomes(of event.Outcome) int {
	return int(s.count(fmt.Sprintf("SELECT sum(arraySum(arrayMap(o -> if(o.2 = '%s', o.4, 0), outcomes))) FROM mailtrail_data.blocks", of)))
}

// What a rejected event says lies in clear where its sender put it, and nowhere else in the broker's folder: not in
// mail.rejects, and not in mail.scans once more when it is replayed.
func TestRejectsLieSealed(t *testing.T) {
	s := newSite(t).with("--set", "ingest.ahead=1s", "--set", "ingest.block_age=50ms")
	p := s.up()
	const marker = "CANARYOFAREJECTEDEVENT"
	due := time.Now().Add(8 * time.Second)
	early := strings.Replace(strings.TrimSuffix(scan(7), "}")+fmt.Sprintf(`,"scanFacilityName":%q}`, marker), `"scanDatetime":"`,
		fmt.Sprintf(`"scanDatetime":%q,"x":"`, due.UTC().Format("2006-01-02T15:04:05.000Z")), 1)
	s.send(early)
	id := s.rejected(1)[0]["id"].(string)
	kafka := filepath.Join(s.data, "kafka")
	clear := filesWith(t, kafka, marker)
	require.Len(t, clear, 1, "where the sender put it (the positive control): %v", clear)
	for name := range clear {
		require.NotContains(t, name, event.RejectsTopic)
	}
	// Batches of mail.rejects lie compressed, so they are read as well.
	letters := s.deadLetters()[id]
	require.Len(t, letters, 1)
	require.NotContains(t, string(letters[0].Value), marker)
	payload, err := s.open(letters[0])
	require.NoError(t, err)
	require.Equal(t, early, string(payload))
	require.Contains(t, s.do("rejects", "show", id), marker)

	eventually(t, 30*time.Second, func() error {
		s.do("rejects", "replay")
		return expect(1, int(s.count("SELECT count() FROM mailtrail.scans")))
	})
	require.Equal(t, clear, filesWith(t, kafka, marker), "a replay lies sealed too")
	s.rejected(1, "--state", "stored")
	require.EqualValues(t, 1, s.count("SELECT count() FROM mailtrail.scans WHERE origin = '"+id+"'"))
	s.do("audit")
	info, err := os.Stat(s.keysSocket())
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	p.stop()

	gone := s.run("rejects", "replay")
	require.Equal(t, exitFailed, gone.status)
}

// fast is the installation with slots of dead letters of a second, which are destroyed so long after their start.
func (s *site) fast(life time.Duration) *site {
	s.t.Helper()
	old := "    limit: 30d\n    clock: capture\n    reason: a reject may be"
	require.Contains(s.t, string(retention.Builtin().Source()), old)
	text := strings.Replace(string(retention.Builtin().Source()), old, fmt.Sprintf("    limit: %ds\n    clock: capture\n    reason: a reject may be", int(life.Seconds())+1), 1)
	at := strings.Index(text, "  - class: rejects\n")
	text = text[:at] + strings.Replace(strings.Replace(text[at:], "slot: 1d", "slot: 1s", 1), "margin: 2h", "margin: 1s", 1)
	path := filepath.Join(s.t.TempDir(), "schedule.yaml")
	require.NoError(s.t, os.WriteFile(path, []byte(text), 0o600))
	return s.with("--set", "retention.schedule="+path, "--set", "ingest.block_age=20ms", "--set", "retention.sweep_every=1s")
}

// keyEntries are the kinds of entries of each slot of dead letters that had a key, in order.
func (s *site) keyEntries() map[string][]ledger.Kind {
	s.t.Helper()
	reader, err := ledger.Read(filepath.Join(s.data, "ledger"), "")
	require.NoError(s.t, err)
	defer reader.Close()
	slots := map[string][]ledger.Kind{}
	had := map[string]bool{}
	for _, record := range reader.Entries(0, reader.Head().Size) {
		require.NoError(s.t, record.Err)
		if e := record.Entry; e.Class == retention.Rejects && !e.Slot.IsZero() {
			slot := e.Slot.Format(time.RFC3339)
			slots[slot] = append(slots[slot], e.Kind)
			had[slot] = had[slot] || e.Kind == ledger.KeyCreated
		}
	}
	for slot := range slots {
		if !had[slot] {
			require.Equal(s.t, []ledger.Kind{ledger.KeyDestroyed}, slots[slot], "a slot without a key ends once")
			delete(slots, slot)
		}
	}
	return slots
}

// After destroy_at nothing opens, a replay expires, and a folder of keys that is put back is cleaned, named and refused.
func TestAfterItsDestroyAtNothingOpens(t *testing.T) {
	s := newSite(t).fast(15 * time.Second)
	p := s.up()
	s.send(contradictory(1))
	id := s.rejected(1)[0]["id"].(string)
	require.Contains(t, s.do("rejects", "show", id), "scanFacilityName")
	copied := map[string][]byte{}
	keysDir := filepath.Join(s.data, "keys")
	files, err := os.ReadDir(keysDir)
	require.NoError(t, err)
	for _, file := range files {
		copied[file.Name()], err = os.ReadFile(filepath.Join(keysDir, file.Name()))
		require.NoError(t, err)
	}
	require.Len(t, copied, 1)

	eventually(t, 30*time.Second, func() error {
		for slot, kinds := range s.keyEntries() {
			if fmt.Sprint(kinds) != fmt.Sprint([]ledger.Kind{ledger.KeyCreated, ledger.KeyDestroyed}) {
				return fmt.Errorf("slot %s: %v", slot, kinds)
			}
		}
		return nil
	})
	files, err = os.ReadDir(keysDir)
	require.NoError(t, err)
	require.Empty(t, files)
	refused := s.run("rejects", "show", id)
	require.Equal(t, exitFailed, refused.status)
	require.Contains(t, refused.stderr, "nobody can read it any more")
	require.NotContains(t, refused.stdout, "scanFacilityName")
	s.do("rejects", "replay")
	eventually(t, 20*time.Second, func() error { return expect(1, s.outcomes(event.Expired)) })
	require.Len(t, s.rejected(1), 1)
	require.Contains(t, s.do("status"), "Slot keys")
	p.stop()

	for name, content := range copied {
		require.NoError(t, os.WriteFile(filepath.Join(keysDir, name), content, 0o600))
	}
	p = s.up()
	require.Contains(t, p.stderr.String(), "was found again, as from a copy of the folder, and is destroyed again")
	files, err = os.ReadDir(keysDir)
	require.NoError(t, err)
	require.Empty(t, files)
	require.Equal(t, exitFailed, s.run("rejects", "show", id).status)
	for _, kinds := range s.keyEntries() {
		require.Equal(t, []ledger.Kind{ledger.KeyCreated, ledger.KeyDestroyed, ledger.Returned}, kinds)
	}
	p.stop()
}

// Killed with -9 between any two steps of a key's destruction, the next start ends it, and the ledger has it once.
func TestKilledWhileAKeyIsDestroyed(t *testing.T) {
	s := newSite(t).fast(3 * time.Second)
	s.program = faultyProgram(t)
	for i, point := range []string{"after-tombstone", "after-half-overwrite", "after-unlink", "after-destroyed-noted"} {
		killed := s.withEnv("MAILTRAIL_KILL_AT=" + point + ":1").start("up")
		// The one before may have left something that this one ends at its start, and is killed at.
		for open := false; !open; {
			select {
			case <-killed.ended:
				open = true
			case <-time.After(20 * time.Millisecond):
				if open = strings.Contains(killed.stderr.String(), "gateway is open for equipment"); open {
					s.send(contradictory(i))
				}
			}
		}
		killed.wait(30 * time.Second)
		require.Contains(t, killed.cmd.ProcessState.String(), "killed", point)
	}
	p := s.up()
	had := s.keyEntries()
	require.NotEmpty(t, had)
	for slot, kinds := range had {
		require.Equal(t, []ledger.Kind{ledger.KeyCreated, ledger.KeyDestroyed}, kinds, slot)
	}
	files, err := os.ReadDir(filepath.Join(s.data, "keys"))
	require.NoError(t, err)
	require.Empty(t, files)
	p.stop()
}
