package clickhouse

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// child is one run of the engine.
type child struct {
	pid     int
	process *os.Process
	ended   chan struct{} // closed when the process is gone
	err     error         // how it ended; read after ended
	said    *tail
}

// startChild starts the engine. The child's standard input is a pipe whose other end we hold: its end tells the child that we are gone.
func startChild(name string, args []string) (*child, error) {
	cmd := exec.Command(name, args...)
	c := &child{ended: make(chan struct{}), said: &tail{limit: 16 << 10}}
	cmd.Stdout, cmd.Stderr = c.said, c.said
	cmd.WaitDelay = time.Second
	dieWithParent(cmd)
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the ClickHouse engine: %w", err)
	}
	started := make(chan error, 1)
	go func() {
		// Linux kills a child when the thread that started it ends, so that thread must live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			c.err = cmd.Wait()
			close(c.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, errors.Join(fmt.Errorf("starting the ClickHouse engine: %w", err), lifeline.Close())
	}
	c.process, c.pid = cmd.Process, cmd.Process.Pid
	return c, nil
}

// stop asks the engine to end, and ends it when it does not.
func (c *child) stop(ask func() error) {
	if ask() == nil && c.gone(5*time.Second) {
		return
	}
	_ = c.process.Signal(os.Interrupt)
	if c.gone(5 * time.Second) {
		return
	}
	_ = c.process.Kill()
	<-c.ended
}

func (c *child) gone(within time.Duration) bool {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-c.ended:
		return true
	case <-timer.C:
		return false
	}
}

// tail keeps the last of what the engine says.
type tail struct {
	limit int
	mu    sync.Mutex
	text  []byte
}

var _ io.Writer = (*tail)(nil)

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if len(t.text) > t.limit {
		t.text = append([]byte(nil), t.text[len(t.text)-t.limit:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}
