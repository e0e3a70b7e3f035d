package stack

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"mailtrail/deploy/local/ports"
)

// Role is a long-lived process of mailtrail.
type Role struct {
	cmd     *exec.Cmd
	log     string
	metrics string
	ended   chan struct{}
}

// Start starts a role (its words on the command line) in its default configuration, with further variables of the environment. Stop it.
func (s *Stack) Start(role string, env ...string) (*Role, error) {
	free, err := ports.Free(1)
	if err != nil {
		return nil, err
	}
	r := &Role{cmd: s.Command(strings.Fields(role)...), log: filepath.Join(s.Folder, strings.ReplaceAll(role, " ", "-")+".log"), metrics: free[0], ended: make(chan struct{})}
	r.cmd.Env = append(append(r.cmd.Env, "MAILTRAIL_METRICS_LISTEN="+r.metrics), env...)
	log, err := os.OpenFile(r.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	r.cmd.Stderr = log
	if err := startBound(r.cmd, r.ended); err != nil {
		return nil, fmt.Errorf("start %s: %w", role, err)
	}
	return r, nil
}

// PID is its process id.
func (r *Role) PID() int { return r.cmd.Process.Pid }

// Ended is closed when the process has ended.
func (r *Role) Ended() <-chan struct{} { return r.ended }

// Ready waits until the role says that it is.
func (r *Role) Ready(within time.Duration) error {
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		select {
		case <-r.ended:
			return errors.New("it ended by itself: " + r.Said())
		default:
		}
		response, err := http.Get("http://" + r.metrics + "/readyz")
		if err != nil {
			continue
		}
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return nil
		}
	}
	return fmt.Errorf("it is not ready within %s: %s", within, r.Said())
}

// Said is the end of its log.
func (r *Role) Said() string {
	raw, err := os.ReadFile(r.log)
	if err != nil {
		return err.Error()
	}
	return string(raw[max(0, len(raw)-4000):])
}

// stopWithin is longer than any role needs to end in order.
const stopWithin = 30 * time.Second

// Stop ends it in order. It is an error if it had ended before, ends with another status than 0, or does not end.
func (r *Role) Stop() error {
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("it ended by itself: %s", r.Said())
	}
	select {
	case <-r.ended:
		if code := r.cmd.ProcessState.ExitCode(); code != 0 {
			return fmt.Errorf("exit status %d: %s", code, r.Said())
		}
		return nil
	case <-time.After(stopWithin):
		r.Kill()
		return fmt.Errorf("it did not end within %s: %s", stopWithin, r.Said())
	}
}

// Kill ends it at once, if it still runs.
func (r *Role) Kill() {
	_ = r.cmd.Process.Kill() // it may have ended meanwhile
	<-r.ended
}
