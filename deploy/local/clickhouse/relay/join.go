package relay

import (
	"io"
	"net"
	"time"
)

// lastWord is how long a client is given to take what it was told last, and how much of what it still sends is read
// meanwhile: a connection that is closed with bytes unread ends in a reset, which can overtake the last word.
const (
	lastWord      = time.Second
	lastWordBytes = 1 << 20
)

// join copies both ways until both sides have ended. The engine is never reset: when the client goes, the engine reads an
// end, and its answers are taken from it until it closes. net.TCPConn copies to its like within the kernel on Linux.
func join(client, engine *net.TCPConn) {
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		if _, err := io.Copy(client, engine); err != nil {
			_, _ = io.Copy(io.Discard, engine)
		}
		_ = client.CloseWrite()
		_ = client.SetReadDeadline(time.Now().Add(lastWord))
	}()
	_, _ = io.Copy(engine, client)
	_ = engine.CloseWrite()
	<-answered
}

// farewell tells a client something before its connection is closed.
func farewell(client *net.TCPConn, answer []byte) {
	if len(answer) == 0 {
		return
	}
	_ = client.SetDeadline(time.Now().Add(lastWord))
	if _, err := client.Write(answer); err != nil {
		return
	}
	_ = client.CloseWrite()
	_, _ = io.CopyN(io.Discard, client, lastWordBytes)
}
