package race

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

// command is a program that a file describes; README.md in the folder above says how.
type command struct {
	Name    string            `yaml:"name"`
	SQL     []string          `yaml:"sql"`
	Setup   []string          `yaml:"setup"`
	Start   string            `yaml:"start"`
	Stored  string            `yaml:"stored"`
	Public  string            `yaml:"public"`
	Columns map[string]string `yaml:"columns"`
	All     []string          `yaml:"all"`
}

// described is a command in a run.
type described struct {
	command
	program *process
}

func readCommand(t *testing.T, path string) named {
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	var c command
	require.NoError(t, yaml.UnmarshalWithOptions(raw, &c, yaml.Strict()), path)
	for key, value := range map[string]string{"name": c.Name, "start": c.Start, "stored": c.Stored} {
		require.NotEmpty(t, value, "%s: key %s is missing", path, key)
	}
	return named{c.Name, func() entry { return &described{command: c} }}
}

// fill puts the run's places into a text.
func (r *run) fill(text string) string {
	return strings.NewReplacer(
		"{broker}", r.stage.broker.Addr(), "{topic}", topic, "{group}", r.group, "{native}", r.server.native, "{http}", r.server.http,
		"{user}", user, "{password}", password, "{folder}", r.folder,
	).Replace(text)
}

func (d *described) prepare(r *run) {
	for _, statement := range d.SQL {
		r.server.exec(r.fill(statement))
	}
	for _, line := range d.Setup {
		out, err := d.shell(r, line).CombinedOutput()
		require.NoError(r.t, err, "%s: %s", line, out)
	}
}

// start starts the program in place of the shell, so that the process that is measured is the program's.
func (d *described) start(r *run) int {
	d.program = r.launch(d.shell(r, "exec "+d.Start))
	return d.program.cmd.Process.Pid
}

func (d *described) shell(r *run, line string) *exec.Cmd {
	cmd := exec.Command("sh", "-c", r.fill(line))
	cmd.Dir = r.folder
	return cmd
}

func (d *described) ended() <-chan struct{} { return d.program.ended }

func (d *described) stop(*run) { d.program.stop() }

func (d *described) goods() goods {
	return goods{stored: d.Stored, public: d.Public, columns: d.Columns, all: d.All}
}
