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
	r     *run
	cmd   *exec.Cmd
	log   string
	ended chan struct{}
}

// launch starts a program whose output goes to a file.
func (r *run) launch(cmd *exec.Cmd) *process {
	p := &process{r: r, cmd: cmd, log: filepath.Join(r.folder, "consumer.log"), ended: make(chan struct{})}
	log, err := os.Create(p.log)
	require.NoError(r.t, err)
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(r.t, cmd.Start())
	go func() {
		_ = cmd.Wait()
		close(p.ended)
	}()
	r.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.ended
	})
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
