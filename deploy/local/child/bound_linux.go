package child

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel kill the child when we end in whatever way, and keeps a Ctrl-C at the terminal from it:
// the parent stops it in its turn.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
