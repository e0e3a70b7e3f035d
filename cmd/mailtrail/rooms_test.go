package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mayImport says which rooms a room's code may import; a room not named here may import nothing of ours. Tests may
// import everything.
var mayImport = map[string][]string{
	"cmd":      {"cmd", "pipeline", "sinks", "schemas", "deploy", "bench"},
	"bench":    {"cmd", "pipeline", "sinks", "schemas", "deploy", "bench"},
	"deploy":   {"deploy", "schemas"},
	"pipeline": {"schemas"}, // and its own stage
	"sinks":    {"schemas"}, // and its own store
	"schemas":  {"schemas"},
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "mailtrail/...").Output()
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	require.Greater(t, len(lines), 10, "go list must have found the packages")
	for _, line := range lines {
		words := strings.Fields(line)
		for _, imported := range words[1:] {
			if strings.HasPrefix(imported, "mailtrail/") && !allowed(words[0], imported) {
				t.Errorf("%s may not import %s", words[0], imported)
			}
		}
	}
}

func allowed(importer, imported string) bool {
	from, to := strings.Split(importer, "/"), strings.Split(imported, "/")
	for _, room := range mayImport[from[1]] {
		if to[1] == room {
			return true
		}
	}
	// A stage of the pipeline and a store may have packages of their own below them.
	return len(from) > 2 && len(to) > 2 && from[1] == to[1] && from[2] == to[2]
}
