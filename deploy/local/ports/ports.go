// Package ports tells whether the embedded servers can have the ports that the configuration gives them.
package ports

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// ErrTaken is wrapped by the error for a port that another program holds.
var ErrTaken = errors.New("the port is taken by another program")

// Check makes sure that nobody listens on addr, host:port. key is the configuration key that names the address.
func Check(key, addr string) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return Explain(key, addr, err)
	}
	return listener.Close()
}

// Explain turns an error of listening on addr into one that names the address, the configuration key and the remedy.
func Explain(key, addr string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return Taken(key, addr)
	}
	return fmt.Errorf("listening on %s (key %s): %w", addr, key, err)
}

// Taken is the error for an address that another program holds.
func Taken(key, addr string) error {
	return fmt.Errorf("listening on %s: %w: end that program, or set %s to another address", addr, ErrTaken, key)
}

// Free returns n loopback addresses, 127.0.0.1:port, that nobody listens on at this moment; for tests and benchmarks.
func Free(n int) ([]string, error) {
	addrs := make([]string, 0, n)
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("finding a free port: %w", err)
		}
		defer listener.Close() // held until all are found, so that no two are the same
		addrs = append(addrs, listener.Addr().String())
	}
	return addrs, nil
}
