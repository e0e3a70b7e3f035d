//go:build !linux

package child

import (
	"os/exec"
	"syscall"
)

// dieWithParent keeps a Ctrl-C at the terminal from the child; that it ends with us is left to the pipe on its standard
// input, which not every server watches.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
