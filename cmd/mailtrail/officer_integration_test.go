package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/engines"
	"mailtrail/schemas/retention"
)

// playwrightVersion drives the browser; its package has no dependencies, and fetches no browser of its own.
const playwrightVersion = "1.65.1"

// browser returns node, the path of Chromium and the folder with playwright-core, all fetched once a machine where they are
// lacking; the test is skipped, with the reason, only where they cannot be had.
func browser(t *testing.T) (node, chromium, modules string) {
	t.Helper()
	tool := func(debian string, names ...string) string {
		for range 2 {
			for _, name := range names {
				if path, err := exec.LookPath(name); err == nil {
					return path
				}
			}
			if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
				break
			}
			fmt.Fprintln(os.Stderr, "installing", debian, "from Debian with apt-get, to look at the records officer's page")
			for _, args := range [][]string{{"update", "-q"}, {"install", "-q", "-y", "--no-install-recommends", debian}} {
				install := exec.CommandContext(t.Context(), "apt-get", args...)
				install.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
				if out, err := install.CombinedOutput(); err != nil {
					t.Skipf("%s cannot be installed, so the page is not looked at in a browser: %v: %s", debian, err, lastBytes(string(out), 500))
				}
			}
		}
		t.Skipf("%s is missing, so the page is not looked at in a browser (in Debian: apt-get install %s)", names[0], debian)
		return ""
	}
	if runtime.GOOS != "linux" {
		t.Skip("the browser is Debian's, so the page is looked at in it on Linux alone")
	}
	node, npm := tool("nodejs", "node"), tool("npm", "npm")
	chromium = tool("chromium", "chromium", "chromium-headless-shell", "google-chrome")
	cache, err := engines.CacheDir()
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(cache, 0o755))
	folder := filepath.Join(cache, "playwright-core-"+playwrightVersion)
	lock := flock.New(folder + ".lock")
	require.NoError(t, lock.Lock())
	defer lock.Close()
	modules = filepath.Join(folder, "node_modules")
	if _, err := os.Stat(filepath.Join(folder, "complete")); err != nil {
		require.NoError(t, os.RemoveAll(folder))
		require.NoError(t, os.MkdirAll(folder, 0o755))
		fmt.Fprintln(os.Stderr, "fetching playwright-core with npm, for the tests; it is kept in", folder)
		fetch := exec.CommandContext(t.Context(), npm, "install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", "playwright-core@"+playwrightVersion)
		if out, err := fetch.CombinedOutput(); err != nil {
			t.Skipf("playwright-core cannot be fetched, so the page is not looked at in a browser: %v: %s", err, lastBytes(string(out), 500))
		}
		require.NoError(t, os.WriteFile(filepath.Join(folder, "complete"), nil, 0o644))
	}
	return node, chromium, modules
}

// pageSeen is what the browser saw.
type pageSeen struct {
	Status, Narrow int
	Name           string
	Complaints     []string
	Light, Dark    struct {
		Ground string
		Width  int
	}
	Page struct {
		Title, Lang, Text, Cookies      string
		Headings                        []int
		Landmarks, IDs, Labelled        []string
		Unlabelled, Nameless, Forbidden []string
		Tables                          []struct {
			Caption       string
			Columns, Rows []string
		}
	}
}

// officersPage looks at the page of a running installation in which the slot was destroyed.
func officersPage(t *testing.T, s *site, slot time.Time) {
	token := s.do("access", "add", "officer", "records")
	url := "http://" + s.api + "/officer"
	eventually(t, 10*time.Second, func() error { // a running role knows it within a second
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		require.NoError(t, err)
		request.SetBasicAuth("records", token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		return expect(http.StatusOK, response.StatusCode)
	})
	node, chromium, modules := browser(t)
	folder := t.TempDir()
	if keep := os.Getenv("MAILTRAIL_SCREENSHOTS"); keep != "" {
		folder = keep
	}
	proof := fmt.Sprintf("/officer/proofs/%s/%s.json", retention.MailTracking, slot.Format(time.RFC3339))
	look := exec.CommandContext(t.Context(), node, "testdata/officer/page.cjs", chromium, url, "records", token, proof, folder)
	look.Env = append(os.Environ(), "NODE_PATH="+modules)
	var out, said bytes.Buffer
	look.Stdout, look.Stderr = &out, &said
	require.NoError(t, look.Run(), said.String())
	var saw pageSeen
	require.NoError(t, json.Unmarshal(out.Bytes(), &saw))

	require.Equal(t, http.StatusOK, saw.Status)
	require.Empty(t, saw.Complaints, "the browser finds nothing against the page's own policy")
	page := saw.Page
	for _, want := range []string{"Retention", "mail_tracking", "within its limit", "Next destructions", "Last verify", "ClickHouse", "Kafka", "Folders", "mailtrail/ledger/"} {
		require.Contains(t, page.Text, want)
	}
	require.NotContains(t, page.Text, "did not answer")
	require.Contains(t, page.Text, "Object store")
	require.NotContains(t, page.Text, "not known", "every place of the schedule was asked")
	require.Equal(t, "en", page.Lang)
	require.NotEmpty(t, page.Title)
	require.Equal(t, []string{"header", "main", "footer"}, page.Landmarks)
	require.Equal(t, 1, page.Headings[0])
	for i, level := range page.Headings[1:] {
		require.Equal(t, 2, level, "heading %d: one h1, and an h2 a section", i)
	}
	for _, id := range page.Labelled {
		require.Contains(t, page.IDs, id)
	}
	slices.Sort(page.IDs)
	require.Len(t, slices.Compact(slices.Clone(page.IDs)), len(page.IDs), "an id stands once")
	require.Empty(t, slices.Concat(page.Unlabelled, page.Nameless, page.Forbidden))
	require.Empty(t, page.Cookies)
	require.GreaterOrEqual(t, len(page.Tables), 3)
	for _, table := range page.Tables {
		require.NotEmpty(t, table.Caption)
		for _, column := range table.Columns {
			require.True(t, strings.HasPrefix(column, "TH col ") && len(column) > len("TH col "), column)
		}
		require.NotEmpty(t, table.Rows)
		for _, row := range table.Rows {
			require.Equal(t, fmt.Sprintf("TH row %d", len(table.Columns)), row)
		}
	}
	require.NotEqual(t, saw.Light.Ground, saw.Dark.Ground)
	require.LessOrEqual(t, saw.Light.Width, 1280)
	require.LessOrEqual(t, saw.Narrow, 360, "on a telephone nothing stands out of the page; wide tables scroll by themselves")

	require.Equal(t, "mailtrail-proof-mail_tracking-"+slot.Format("20060102T150405Z")+".json", saw.Name)
	verdict := mailtrail(nil, "ledger", "verify", filepath.Join(folder, "proof.json"), "--key", s.do("ledger", "show", "--key"))
	require.Equal(t, exitDone, verdict.status, verdict.stderr)
	require.Contains(t, verdict.stdout, "It was dropped in clickhouse/scans at ")
}

// The role api needs no store, and says which are away and that the ledger is elsewhere.
func TestTheRoleAPIAlone(t *testing.T) {
	s := newSite(t).with("--set", "mode=external")
	token := s.do("access", "add", "officer", "records")
	p := s.start("api")
	p.says("api is open", 20*time.Second)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.api+"/officer", nil)
	require.NoError(t, err)
	request.SetBasicAuth("records", token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	for _, want := range []string{"ClickHouse did not answer", "Kafka did not answer", "the ledger is not on this host", filepath.Join(s.data, "ledger"), "mail_tracking", "not known"} {
		require.Contains(t, string(page), want)
	}
	p.stop()
}
