// Package child runs the servers of the embedded stack as child processes that end when we do, however that is.
package child

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

// Command is what to start.
type Command struct {
	// What is its name in errors.
	What string
	Name string
	Args []string
	// Env is its environment; nil is ours.
	Env []string
	// Files are open files that it keeps as 3, 4, ... until it ends.
	Files []*os.File
	// Out gets what it says besides; nil: nobody does.
	Out io.Writer
}

// Child is one run of a server.
type Child struct {
	PID     int
	Process *os.Process
	Ended   chan struct{} // closed when the process is gone
	Err     error         // how it ended; read after Ended
	// Said is the last of what it wrote.
	Said *Tail
}

// Start starts a server. Its standard input is a pipe whose other end we hold, so that one that reads it sees our end too.
func Start(c Command) (*Child, error) {
	cmd := exec.Command(c.Name, c.Args...)
	started := &Child{Ended: make(chan struct{}), Said: &Tail{limit: 16 << 10}}
	var out io.Writer = started.Said
	if c.Out != nil {
		out = io.MultiWriter(started.Said, c.Out)
	}
	cmd.Stdout, cmd.Stderr, cmd.Env, cmd.ExtraFiles = out, out, c.Env, c.Files
	cmd.WaitDelay = time.Second
	dieWithParent(cmd)
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.What, err)
	}
	answer := make(chan error, 1)
	go func() {
		// Linux kills a child when the thread that started it ends, so that thread must live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		answer <- err
		if err == nil {
			started.Err = cmd.Wait()
			close(started.Ended)
		}
	}()
	if err := <-answer; err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", c.What, err), lifeline.Close())
	}
	started.Process, started.PID = cmd.Process, cmd.Process.Pid
	return started, nil
}

// Stop asks the server to end, and ends it when it does not.
func (c *Child) Stop(ask func() error) {
	if ask() == nil && c.gone(5*time.Second) {
		return
	}
	_ = c.Process.Signal(os.Interrupt)
	if c.gone(5 * time.Second) {
		return
	}
	_ = c.Process.Kill()
	<-c.Ended
}

func (c *Child) gone(within time.Duration) bool {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-c.Ended:
		return true
	case <-timer.C:
		return false
	}
}

// Tail keeps the last of what a server says.
type Tail struct {
	limit int
	mu    sync.Mutex
	text  []byte
}

var _ io.Writer = (*Tail)(nil)

func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if len(t.text) > t.limit {
		t.text = append([]byte(nil), t.text[len(t.text)-t.limit:]...)
	}
	return len(p), nil
}

// String is what was kept, without the blanks around it.
func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}
