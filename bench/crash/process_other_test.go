//go:build !linux

package crash

import "os/exec"

// startBound starts a process and hands over how it ended.
func startBound(cmd *exec.Cmd, ended chan<- error) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { ended <- cmd.Wait() }()
	return nil
}
