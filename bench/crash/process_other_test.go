//go:build !linux

package crash

import (
	"os/exec"
	"strconv"
	"strings"
)

// startBound starts a process and hands over how it ended.
func startBound(cmd *exec.Cmd, ended chan<- error) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { ended <- cmd.Wait() }()
	return nil
}

// childrenOf lists the processes below a process.
func childrenOf(parent int) (below []int) {
	out, _ := exec.Command("pgrep", "-P", strconv.Itoa(parent)).Output() // an error is that there are none
	for _, text := range strings.Fields(string(out)) {
		pid, _ := strconv.Atoi(text)
		below = append(append(below, pid), childrenOf(pid)...)
	}
	return below
}

// alive tells whether a process runs; one that nobody has waited for does not.
func alive(pid int) bool {
	out, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && !strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
}
