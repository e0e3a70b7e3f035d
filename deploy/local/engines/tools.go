package engines

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// tool is a program of the operating system that we need, and how people get it.
type tool struct {
	name   string
	debian string // the package in Debian and its descendants
	brew   string // the formula on macOS
	why    string
}

// need returns the path of the tool. On a Debian system, as root, it installs what is missing; elsewhere the error holds
// the command that does.
func (f *Fetcher) need(ctx context.Context, t tool) (string, error) {
	if path, err := exec.LookPath(t.name); err == nil {
		return path, nil
	}
	apt, err := exec.LookPath("apt-get")
	switch {
	case err == nil && os.Geteuid() == 0:
		f.say("installing %s from Debian with apt-get: %s", t.debian, t.why)
		env := append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if err := run(ctx, "", env, apt, "update", "-q"); err != nil {
			return "", fmt.Errorf("installing %s: %w", t.debian, err)
		}
		if err := run(ctx, "", env, apt, "install", "-q", "-y", "--no-install-recommends", t.debian); err != nil {
			return "", fmt.Errorf("installing %s: %w", t.debian, err)
		}
		path, err := exec.LookPath(t.name)
		if err != nil {
			return "", fmt.Errorf("%s is still missing after apt-get install %s", t.name, t.debian)
		}
		return path, nil
	case err == nil:
		return "", fmt.Errorf("%s is missing: %s; run: sudo apt-get install -y %s", t.name, t.why, t.debian)
	case runtime.GOOS == "darwin":
		return "", fmt.Errorf("%s is missing: %s; run: brew install %s", t.name, t.why, t.brew)
	default:
		return "", fmt.Errorf("%s is missing: %s; install it with the package manager of this system (in Debian the package is %s)", t.name, t.why, t.debian)
	}
}

// run runs a program to its end; an error carries the last of what it said.
func run(ctx context.Context, dir string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, env
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, lastLines(said.String(), 8))
	}
	return nil
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
