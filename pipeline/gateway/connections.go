package gateway

import (
	"net"
	"sync"
)

// boundListener accepts only so many connections at once.
type boundListener struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	once   sync.Once
}

func boundConnections(listener net.Listener, limit int) net.Listener {
	return &boundListener{Listener: listener, places: make(chan struct{}, limit), closed: make(chan struct{})}
}

// Accept waits for a free place and then for a connection.
func (l *boundListener) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &boundConn{Conn: conn, leave: func() { <-l.places }}, nil
}

// Close ends Accept also where it waits for a place.
func (l *boundListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// boundConn gives its place back when it is closed.
type boundConn struct {
	net.Conn
	once  sync.Once
	leave func()
}

func (c *boundConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.leave)
	return err
}
