//go:build !linux

package clickhouse

import (
	"os/exec"
	"syscall"
)

// dieWithParent keeps a Ctrl-C at the terminal from the child; that it ends with us is left to the pipe on its standard
// input, which libchdb's process watches and a clickhouse server does not.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
