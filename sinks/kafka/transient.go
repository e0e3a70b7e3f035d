package kafka

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// Transient reports whether the error can heal by itself: a broker that is
// away, that changes its leader or coordinator, or that is busy. What is not
// in the list needs a person.
func Transient(err error) bool {
	var code kafkago.Error
	var network net.Error
	switch {
	case errors.Is(err, ErrNotOwner), errors.Is(err, ErrOutOfRange):
		return false
	case errors.As(err, &code):
		// kafka-go's own list: leader and coordinator changes, time-outs, not enough replicas ...
		return code.Temporary() || code.Timeout()
	case errors.Is(err, protocol.ErrNoLeader), errors.Is(err, protocol.ErrNoTopic), errors.Is(err, protocol.ErrNoPartition):
		return true // what the client itself says while its picture of the cluster lacks them
	case errors.As(err, &network),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe),
		errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, net.ErrClosed):
		return true
	}
	return false
}
