package race

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
)

// process is a program that runs beside the servers.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// launch starts a program whose output goes to the run's log.
func (r *run) launch(cmd *exec.Cmd) *process {
	p := &process{cmd: cmd, ended: make(chan struct{})}
	log, err := os.Create(r.logFile())
	require.NoError(r.t, err)
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(r.t, startBound(cmd, p.ended))
	r.t.Cleanup(p.stop)
	return p
}

// stop ends the program in order, or kills it where it does not end within 20 s.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

func (r *run) logFile() string { return filepath.Join(r.folder, "consumer.log") }

// said is the end of what the program said, where it said anything.
func (r *run) said() string {
	raw, _ := os.ReadFile(r.logFile())
	return string(raw[max(0, len(raw)-4000):])
}
