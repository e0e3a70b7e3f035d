//go:build !linux

package stack

import "os/exec"

// startBound starts a process, and closes ended when it has.
func startBound(cmd *exec.Cmd, ended chan<- struct{}) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = cmd.Wait() // how it ended stands in cmd.ProcessState
		close(ended)
	}()
	return nil
}
