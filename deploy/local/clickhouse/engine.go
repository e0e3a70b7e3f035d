package clickhouse

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// keepAlive is the statement that keeps libchdb's local session, and so its ports, open. It ends when the owner kills it.
const keepAlive = "SELECT sleepEachRow(0.2) FROM system.numbers SETTINGS max_block_size = 1, log_queries = 0 FORMAT Null"

// EngineMain is the body of the hidden sub-command that Deps.Self names: it becomes a ClickHouse engine. args are the path
// of libchdb and those of clickhouse-local. It returns the exit status. When standard input ends, so does the process: the
// parent holds the other end, and is gone.
func EngineMain(args []string) int {
	if len(args) < 1 {
		fmt.Fprintln(os.Stderr, "this sub-command is started by mailtrail itself")
		return 2
	}
	go endWithParent()
	library, err := purego.Dlopen(args[0], purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		fmt.Fprintf(os.Stderr, "loading the ClickHouse engine: %v\n", err)
		return 1
	}
	query, err := purego.Dlsym(library, "chdb_query_cmdline")
	if err != nil {
		fmt.Fprintf(os.Stderr, "loading the ClickHouse engine: %v\n", err)
		return 1
	}
	// argv must not move while C holds it, and C wants it to end with a null pointer.
	var pins runtime.Pinner
	defer pins.Unpin()
	argc := len(args)
	argv := make([]*byte, argc+1)
	for i, arg := range append([]string{"clickhouse"}, args[1:]...) {
		argv[i] = &append([]byte(arg), 0)[0]
		pins.Pin(argv[i])
	}
	pins.Pin(&argv[0])
	status, _, _ := purego.SyscallN(query, uintptr(argc), uintptr(unsafe.Pointer(&argv[0])))
	// The library says something here even after a clean end; only whether it is zero means anything.
	if int32(status) != 0 {
		return 1
	}
	return 0
}

func endWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(1)
}
