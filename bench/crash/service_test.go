package crash

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// service is a long-lived process of mailtrail that is started again whenever it was killed. An end of any other kind is
// a failure of the test: mailtrail never ends by itself.
type service struct {
	name    string
	program string
	args    []string
	env     []string // beside those of this process
	metrics string   // host:port
	log     string   // path
	failed  func(error)
	// points names a fault point for each start that is still to have one, as POINT:N.
	points *points

	mu      sync.Mutex
	cmd     *exec.Cmd     // nil while it does not run
	gone    chan struct{} // closed when the process of now has ended
	starts  int
	held    bool // not to be started again
	struck  bool // killed from outside
	nextEnv []string
	point   string // at which the process of now is to end, or ""
}

// start starts the process and sees to it from now on.
func (s *service) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.startLocked()
}

func (s *service) startLocked() error {
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(s.program, s.args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(append(os.Environ(), s.env...), "MAILTRAIL_METRICS_LISTEN="+s.metrics)
	s.point = ""
	switch {
	case len(s.nextEnv) > 0:
		cmd.Env, s.nextEnv = append(cmd.Env, s.nextEnv...), nil
	case s.points != nil:
		if s.point = s.points.take(); s.point != "" {
			cmd.Env = append(cmd.Env, killAt+s.point)
		}
	}
	s.starts++
	fmt.Fprintf(log, "=== start %d %s\n", s.starts, s.point)
	ended := make(chan error, 1)
	if err := startBound(cmd, ended); err != nil {
		return err
	}
	s.cmd, s.gone = cmd, make(chan struct{})
	go s.watch(ended, s.gone, s.point)
	return nil
}

// watch waits for the end of a process and starts the next.
func (s *service) watch(ended <-chan error, gone chan struct{}, point string) {
	err := <-ended
	s.mu.Lock()
	defer s.mu.Unlock()
	if !killed(err) && !s.held {
		s.held = true
		s.failed(fmt.Errorf("%s ended by itself: %v, see %s", s.name, err, s.log))
	}
	if point != "" {
		s.points.done(point, !s.struck)
	}
	s.cmd, s.struck = nil, false
	close(gone)
	if !s.held {
		if err := s.startLocked(); err != nil {
			s.failed(fmt.Errorf("start %s again: %w", s.name, err))
		}
	}
}

// killed tells whether a process was ended by SIGKILL.
func killed(err error) bool {
	exit := (*exec.ExitError)(nil)
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// kill ends the process as a crash does and returns when it is gone; it is then started again.
func (s *service) kill() {
	s.mu.Lock()
	cmd, gone := s.cmd, s.gone
	s.struck = cmd != nil
	s.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Kill() // it may have ended meanwhile
	<-gone
}

// armed tells whether the process of now is to end at a point.
func (s *service) armed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.point != ""
}

// disarm makes sure that the process of now does not end at a point. The queue must be paused.
func (s *service) disarm() {
	if s.armed() {
		s.kill()
	}
}

// hold kills the process and leaves it so.
func (s *service) hold() {
	s.mu.Lock()
	s.held = true
	s.mu.Unlock()
	s.kill()
}

// once starts a held process for one life, with these variables, and returns the channel that its end closes.
func (s *service) once(env ...string) (<-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextEnv = env
	err := s.startLocked()
	return s.gone, err
}

// resume starts a held process for good, from now on with these variables too.
func (s *service) resume(env ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = false
	s.env = append(s.env, env...)
	return s.startLocked()
}

// signal sends a signal to the process, if it runs.
func (s *service) signal(signal os.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return fmt.Errorf("%s does not run", s.name)
	}
	return s.cmd.Process.Signal(signal)
}

// pid is the process's number, 0 while it does not run.
func (s *service) pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return 0
	}
	return s.cmd.Process.Pid
}

// ready asks /readyz.
func (s *service) ready() bool {
	response, err := http.Get("http://" + s.metrics + "/readyz")
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

const killAt = "MAILTRAIL_KILL_AT="

// points is a queue of fault points, each to be passed by one process.
type points struct {
	mu    sync.Mutex
	queue []string
	open  int // handed out or waiting
	still bool
}

func newPoints(queue []string) *points { return &points{queue: queue, open: len(queue)} }

// pause hands out no points until it is called again with false.
func (p *points) pause(still bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.still = still
}

// take returns the next point, or "" when there is none.
func (p *points) take() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 || p.still {
		return ""
	}
	next := p.queue[0]
	p.queue = p.queue[1:]
	return next
}

// done takes note of the end of a process that had a point; one that was killed before it came there leaves it to another.
func (p *points) done(point string, reached bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if reached {
		p.open--
	} else {
		p.queue = append(p.queue, point)
	}
}

// waiting tells whether there are points that no process has.
func (p *points) waiting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue) > 0 && !p.still
}

// left is how many points no process has ended with.
func (p *points) left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open
}
