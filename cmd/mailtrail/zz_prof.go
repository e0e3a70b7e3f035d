package main

import (
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
)

func init() {
	if p := os.Getenv("MT_PROF"); p != "" && len(os.Args) > 1 && os.Args[1] == "ingest" {
		f, _ := os.Create(p)
		_ = pprof.StartCPUProfile(f)
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM, os.Interrupt)
		go func() { <-c; pprof.StopCPUProfile(); f.Close(); h, _ := os.Create(p + ".heap"); _ = pprof.Lookup("allocs").WriteTo(h, 0); h.Close() }()
	}
}
