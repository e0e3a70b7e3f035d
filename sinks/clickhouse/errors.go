package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// healing are the server's exceptions (ClickHouse, src/Common/ErrorCodes.cpp)
// that can pass without anybody changing the request, by code, with their
// names. What is not listed does not pass by waiting: wrong SQL, wrong types, a
// missing table, a missing right, a wrong password.
var healing = map[int32]string{
	// The network, or a server that went away in the middle.
	3:   "UNEXPECTED_END_OF_FILE",
	32:  "ATTEMPT_TO_READ_AFTER_EOF",
	95:  "CANNOT_READ_FROM_SOCKET",
	96:  "CANNOT_WRITE_TO_SOCKET",
	198: "DNS_ERROR",
	209: "SOCKET_TIMEOUT",
	210: "NETWORK_ERROR",
	236: "ABORTED", // the server is being shut down
	279: "ALL_CONNECTION_TRIES_FAILED",
	394: "QUERY_WAS_CANCELLED", // by a shutdown or an operator

	// Too much at once: other work ends, merges catch up.
	159: "TIMEOUT_EXCEEDED",
	160: "TOO_SLOW",
	173: "CANNOT_ALLOCATE_MEMORY",
	201: "QUOTA_EXCEEDED", // until its interval ends
	202: "TOO_MANY_SIMULTANEOUS_QUERIES",
	203: "NO_FREE_CONNECTION",
	241: "MEMORY_LIMIT_EXCEEDED",
	252: "TOO_MANY_PARTS",
	439: "CANNOT_SCHEDULE_TASK",
	473: "DEADLOCK_AVOIDED", // another query holds the table
	745: "SERVER_OVERLOADED",

	// The disk or the system below the server: full, away or read-only until
	// it is put right, or until what is due has been destroyed.
	74:   "CANNOT_READ_FROM_FILE_DESCRIPTOR",
	75:   "CANNOT_WRITE_TO_FILE_DESCRIPTOR",
	76:   "CANNOT_OPEN_FILE",
	164:  "READONLY",
	243:  "NOT_ENOUGH_SPACE",
	425:  "SYSTEM_ERROR",
	499:  "S3_ERROR",
	1000: "POCO_EXCEPTION",
	1001: "STD_EXCEPTION",

	// Replicas and their coordination.
	225: "NO_ZOOKEEPER",
	242: "TABLE_IS_READ_ONLY",
	265: "NO_AVAILABLE_REPLICA",
	285: "TOO_FEW_LIVE_REPLICAS",
	286: "UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE",
	319: "UNKNOWN_STATUS_OF_INSERT", // repeating it under its token tells
	415: "ALL_REPLICAS_LOST",
	999: "KEEPER_EXCEPTION",
}

// Transient tells whether an error of the Store can heal by itself, so that
// the same call may be made again. An insert that failed so is undecided until
// it is repeated under its token. A context that was cancelled is not
// transient: its owner wants to end; one that was over time is.
func Transient(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	var exception *ch.Exception
	if errors.As(err, &exception) {
		_, heals := healing[exception.Code]
		return heals
	}
	return brokenConnection(err)
}

// brokenConnection tells whether the error is one of the network, or of the
// pool that waits for it.
func brokenConnection(err error) bool {
	for _, each := range []error{
		io.EOF, io.ErrUnexpectedEOF, // the server went away
		context.DeadlineExceeded, os.ErrDeadlineExceeded, // it did not answer in time
		ch.ErrAcquireConnTimeout, // all connections were taken
		ch.ErrConnectionClosed,   // closed under us, as by a context that ended
		net.ErrClosed,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ETIMEDOUT,
		syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN,
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.EADDRNOTAVAIL, // this machine is short of sockets
	} {
		if errors.Is(err, each) {
			return true
		}
	}
	var timeout net.Error
	return errors.As(err, &timeout) // look-ups of names, time-outs
}

// withRemedy adds to a server's refusal what a person can do about it.
func withRemedy(err error) error {
	var exception *ch.Exception
	if !errors.As(err, &exception) {
		return err
	}
	switch exception.Code {
	case 16, 60, 81: // NO_SUCH_COLUMN_IN_TABLE, UNKNOWN_TABLE, UNKNOWN_DATABASE
		return fmt.Errorf("%w (the server does not have the tables of this version: run mailtrail migrate)", err)
	case 516: // AUTHENTICATION_FAILED
		return fmt.Errorf("%w (check clickhouse.user and clickhouse.password_file)", err)
	}
	return err
}
