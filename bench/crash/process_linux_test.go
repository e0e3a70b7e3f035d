package crash

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// startBound starts a process that the kernel kills when this one ends, and hands over how it ended. Linux does so by
// thread: the one that starts it lives as long.
func startBound(cmd *exec.Cmd, ended chan<- error) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	return <-started
}

// childrenOf lists the processes below a process. It reads /proc, since small systems have no ps.
func childrenOf(parent int) (below []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		if fields := statOf(path); fields != nil && fields[1] == strconv.Itoa(parent) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			below = append(append(below, pid), childrenOf(pid)...)
		}
	}
	return below
}

// alive tells whether a process runs; one that nobody has waited for does not.
func alive(pid int) bool {
	fields := statOf(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return fields != nil && fields[0] != "Z"
}

// statOf returns the fields of a stat file from the state on (proc(5)), nil where the process is gone.
func statOf(path string) []string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
}
