package objectstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"

	"github.com/minio/minio-go/v7"
)

// What callers can tell apart.
var (
	// ErrNotFound: there is no such object.
	ErrNotFound = errors.New("there is no such object")
	// ErrShort: the object ends before what was asked for.
	ErrShort = errors.New("the object is shorter than what was asked for")
	// ErrConflict: other bytes lie under the key.
	ErrConflict = errors.New("other bytes lie under this key, and an object is never changed")
	// ErrNoBucket: the bucket is not there.
	ErrNoBucket = errors.New("the bucket is not there")
	// ErrLeft: after a deletion the store still lists something.
	ErrLeft = errors.New("the store still lists what was deleted")
)

// healing are the errors of S3 and MinIO, by code, that can pass without
// anybody changing the request and whose HTTP status does not say so.
var healing = map[string]bool{
	"RequestTimeout":             true, // 400: the body did not come in time
	"IncompleteBody":             true, // 400: the connection broke off
	"OperationAborted":           true, // 409: another request on the same bucket
	"ConditionalRequestConflict": true, // 409: another Put of the same key at this moment
}

// Transient tells whether an error of the Store can heal by itself, so that the
// same call may be made again: a store that is away, being started, busy or
// full. A context that was cancelled is not transient: its owner wants to end;
// one that was over time is. A bucket that is gone needs a person.
func Transient(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	if errors.Is(err, ErrLeft) {
		return true
	}
	var answer minio.ErrorResponse
	if errors.As(err, &answer) && answer.StatusCode != 0 {
		return healing[answer.Code] || heals(answer.StatusCode)
	}
	return brokenConnection(err)
}

func heals(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout,
		http.StatusInsufficientStorage: // the disk is full until what is due is destroyed
		return true
	}
	return false
}

// brokenConnection tells whether the error is one of the network.
func brokenConnection(err error) bool {
	for _, each := range []error{
		io.EOF, io.ErrUnexpectedEOF, // the server went away
		context.DeadlineExceeded, os.ErrDeadlineExceeded, net.ErrClosed, http.ErrServerClosed,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ETIMEDOUT,
		syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN,
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.EADDRNOTAVAIL, // this machine is short of sockets
	} {
		if errors.Is(err, each) {
			return true
		}
	}
	var timeout net.Error
	return errors.As(err, &timeout)
}

// code is the code of a store's answer, empty where it did not answer.
func code(err error) string {
	var answer minio.ErrorResponse
	errors.As(err, &answer)
	return answer.Code
}

// reason is why a request is tried again, for the label of a counter.
func reason(err error) string {
	if c := code(err); c != "" {
		return c
	}
	return "connection"
}

// notSupported tells that the store does not know the request.
func notSupported(err error) bool {
	switch code(err) {
	case "NotImplemented", "MethodNotAllowed", minio.APINotSupported:
		return true
	}
	return false
}

// withRemedy gives the store's refusal our name for it, or what a person can do about it.
func withRemedy(err error) error {
	switch code(err) {
	case minio.NoSuchKey:
		return fmt.Errorf("%w (%w)", ErrNotFound, err)
	case minio.NoSuchBucket:
		return fmt.Errorf("%w: run mailtrail migrate, which makes it, or set objects.bucket to another (%w)", ErrNoBucket, err)
	case "InvalidAccessKeyId", "SignatureDoesNotMatch":
		return fmt.Errorf("%w (check objects.access_key and objects.secret_key_file)", err)
	case minio.AccessDenied:
		return fmt.Errorf("%w (objects.access_key may not do this)", err)
	case "XMinioStorageFull":
		return fmt.Errorf("%w (make room on the disk of the object store)", err)
	case "RequestTimeTooSkewed":
		return fmt.Errorf("%w (the clocks of this machine and of the object store differ: set them right)", err)
	}
	return err
}
