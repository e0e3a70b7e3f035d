package facility

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// With -update the tests of this file write the embedded files anew instead of
// comparing them: go test -run Embedded -update ./schemas/facility
var update = flag.Bool("update", false, "write the embedded files anew")

// facilityProvenance describes the edition that is embedded; change it together
// with the facts.
var facilityProvenance = Provenance{
	Version:   "2026-11-23",
	Effective: "2026-11-23",
	Source:    "USPS facility file as published for mailers (PostalPro); the copy that was read bears no date, so this is the day on which it was taken over",
}

func TestEmbeddedFacilities(t *testing.T) {
	rows := referenceFacilities(t)
	section := &facilitySection{provenance: facilityProvenance}
	var text strings.Builder
	for _, row := range rows {
		begin := text.Len()
		text.WriteString(row + "\n")
		require.NoError(t, section.add(row, 1, begin))
	}
	section.text = text.String()
	compareOrUpdate(t, "facilities.tsv.gz", section.appendTo([]byte(magic+"\n")))
}

// referenceFacilities reads the facts, in the form of the file's rows.
func referenceFacilities(t *testing.T) []string {
	t.Helper()
	folder := sharedFolder("reference")
	if folder == "" {
		t.Skip("no shared/reference above this folder: nothing to generate from")
	}
	file, err := os.Open(filepath.Join(folder, "usps_facilities.csv"))
	require.NoError(t, err)
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	column := map[string]int{}
	for i, name := range records[0] {
		column[name] = i
	}
	letters := map[string]string{"Mail Process": "P", "Network Facilities": "T", "Post Office": "O", "Non-Postal Facility": "N"}
	var rows []string
	for _, r := range records[1:] {
		get := func(name string) string { return r[column[name]] }
		letter, known := letters[get("facility_type")]
		require.True(t, known, get("facility_type"))
		rows = append(rows, strings.Join([]string{
			get("locale_key"), get("zip")[:5], get("facility_state"), letter, get("facility_city"), get("facility_name"),
		}, "\t"))
	}
	return rows
}

func TestEmbeddedRules(t *testing.T) {
	version, zones := toolchainZones(t)
	builtin, err := builtinRules()
	if !*update {
		require.NoError(t, err)
		if builtin.provenance.Version != version {
			t.Skipf("the Go toolchain has tzdata %s, the embedded rules are %s", version, builtin.provenance.Version)
		}
	}
	byRule := map[string][]string{}
	for name, location := range zones {
		line := string(appendRule(nil, transitionsOf(t, location)))
		byRule[line] = append(byRule[line], name)
	}
	var lines []string
	for line, names := range byRule {
		slices.Sort(names)
		lines = append(lines, strings.Join(names, " ")+line)
	}
	slices.Sort(lines)
	text := appendHeader([]byte(magic+"\n"), "rules", Provenance{
		Version:   version,
		Effective: "2026-11-23",
		Source:    "IANA time zone database (public domain), changes of offset from 1990 to 2060",
	})
	compareOrUpdate(t, "rules.txt.gz", append(text, strings.Join(lines, "")...))
}

// toolchainZones reads the zones that come with Go, and only these: not the
// machine's own.
func toolchainZones(t *testing.T) (version string, zones map[string]*time.Location) {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skipf("the Go toolchain cannot be asked where it is: %v", err)
	}
	folder := filepath.Join(strings.TrimSpace(string(root)), "lib", "time")
	archive, err := zip.OpenReader(filepath.Join(folder, "zoneinfo.zip"))
	if err != nil {
		t.Skipf("the Go toolchain's time zones cannot be read: %v", err)
	}
	defer archive.Close()
	script, err := os.ReadFile(filepath.Join(folder, "update.bash"))
	require.NoError(t, err)
	match := regexp.MustCompile(`(?m)^DATA=(\w+)$`).FindSubmatch(script)
	require.NotNil(t, match)
	zones = map[string]*time.Location{}
	for _, file := range archive.File {
		if strings.HasSuffix(file.Name, "/") || file.Name == "Factory" {
			continue
		}
		content, err := file.Open()
		require.NoError(t, err)
		data, err := io.ReadAll(content)
		require.NoError(t, err)
		zones[file.Name], err = time.LoadLocationFromTZData(file.Name, data)
		require.NoError(t, err, file.Name)
	}
	return string(match[1]), zones
}

// transitionsOf lists a location's changes of offset, with some days to spare
// on both sides of the years that are converted.
func transitionsOf(t *testing.T, location *time.Location) zone {
	t.Helper()
	at := time.Date(FirstYear-1, 12, 30, 0, 0, 0, 0, time.UTC).In(location)
	last := time.Date(LastYear+1, 1, 3, 0, 0, 0, 0, time.UTC)
	minutes := func(at time.Time) int16 {
		_, seconds := at.Zone()
		require.Zero(t, seconds%60, "%s at %s", location, at)
		return int16(seconds / 60)
	}
	z := zone{base: minutes(at)}
	offset := z.base
	for {
		_, end := at.ZoneBounds()
		if end.IsZero() || !end.Before(last) {
			return z
		}
		require.Zero(t, end.Unix()%60, "%s at %s", location, end)
		if after := minutes(end); after != offset {
			z.edges = append(z.edges, newEdge(end.UnixMilli(), offset, after))
			offset = after
		}
		if !end.After(at) {
			// On the last day of a leap year package time gives as the end of
			// the period the instant that it was asked about.
			end = at.Add(time.Hour)
		}
		at = end
	}
}

// compareOrUpdate holds a generated text against an embedded, compressed file.
// The texts are compared: a newer compressor may make other bytes of them.
func compareOrUpdate(t *testing.T, name string, text []byte) {
	t.Helper()
	if !*update {
		file, err := os.Open(name)
		require.NoError(t, err)
		defer file.Close()
		embedded, err := readText(file)
		require.NoError(t, err)
		require.True(t, embedded == string(text), "%s is not what the facts give: run this test with -update", name)
		return
	}
	var compressed bytes.Buffer
	w, err := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
	require.NoError(t, err)
	_, err = w.Write(text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, os.WriteFile(name, compressed.Bytes(), 0o644))
}

// sharedFolder finds shared/name above the working directory, or returns "".
func sharedFolder(name string) string {
	folder, err := filepath.Abs(".")
	for err == nil {
		candidate := filepath.Join(folder, "shared", name)
		if info, e := os.Stat(candidate); e == nil && info.IsDir() {
			return candidate
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return ""
		}
		folder = parent
	}
	return ""
}
