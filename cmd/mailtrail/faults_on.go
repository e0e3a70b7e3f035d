//go:build faults

package main

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// faultPoint kills this process, as kill -9 does, when a block, a pack or a key passes a point for the n-th time: MAILTRAIL_KILL_AT=POINT:N,
// as in after-intent:3. It exists only in programs that crash tests build with the tag faults.
func faultPoint[P ~string]() func(P) {
	name, count, ok := strings.Cut(os.Getenv("MAILTRAIL_KILL_AT"), ":")
	n, err := strconv.ParseInt(count, 10, 64)
	if !ok || err != nil {
		return nil
	}
	var passed atomic.Int64
	return func(p P) {
		if string(p) == name && passed.Add(1) == n {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // nothing comes after it
			select {}
		}
	}
}
