package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
	produceapi "github.com/segmentio/kafka-go/protocol/produce"
	"github.com/stretchr/testify/require"
)

func TestTransient(t *testing.T) {
	for _, test := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{errors.New("something else"), false},
		{context.Canceled, false},
		{context.DeadlineExceeded, true},
		{io.EOF, true},
		{io.ErrUnexpectedEOF, true},
		{net.ErrClosed, true},
		{syscall.ECONNRESET, true},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, true},
		{&net.DNSError{Err: "no such host"}, true},
		{kafkago.NotLeaderForPartition, true},
		{kafkago.LeaderNotAvailable, true},
		{kafkago.NotCoordinatorForGroup, true},
		{kafkago.GroupLoadInProgress, true},
		{kafkago.NotEnoughReplicas, true},
		{kafkago.RequestTimedOut, true},
		{kafkago.UnknownTopicOrPartition, true}, // what a broker says that has not heard of a new topic yet
		{kafkago.KafkaStorageError, true},
		{kafkago.MessageSizeTooLarge, false},
		{kafkago.TopicAuthorizationFailed, false},
		{kafkago.GroupAuthorizationFailed, false},
		{kafkago.SASLAuthenticationFailed, false},
		{kafkago.InvalidConfiguration, false},
		{kafkago.UnsupportedVersion, false},
		{fmt.Errorf("%w: %w", ErrNotOwner, kafkago.RebalanceInProgress), false},
		{fmt.Errorf("fetch: %w", ErrOutOfRange), false},
		{worst(kafkago.WriteErrors{nil, kafkago.NotLeaderForPartition}), true},
		{worst(kafkago.WriteErrors{nil, kafkago.NotLeaderForPartition, kafkago.MessageSizeTooLarge, kafkago.RequestTimedOut}), false},
		{kafkago.MessageTooLargeError{}, false},
		{fetchapi.NewError(protocol.NewErrNoLeader("mail.scans", 1)), true},
		{fetchapi.NewError(protocol.NewErrNoTopic("mail.scans")), true},
		{produceapi.NewError(protocol.NewErrNoPartition("mail.scans", 9)), true},
		{protocol.ErrNoRecord, false},
	} {
		require.Equal(t, test.want, Transient(test.err), "%v", test.err)
		if test.err != nil {
			require.Equal(t, test.want, Transient(fmt.Errorf("write to kafka: %w", test.err)), "wrapped: %v", test.err)
		}
	}
}
