package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"os"
)

// Run listens on Config.Listen and serves until ctx ends; then it takes nothing
// new, waits for the requests in flight and returns nil.
func (g *Gateway) Run(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", g.config.Listen)
	if err != nil {
		return fmt.Errorf("gateway: cannot listen on %s: choose another address with gateway.listen, or end what holds it: %w", g.config.Listen, err)
	}
	return g.Serve(ctx, listener)
}

// Serve is Run with a listener that is open already; it is closed at the end.
func (g *Gateway) Serve(ctx context.Context, listener net.Listener) error {
	server := g.server()
	bounded := boundConnections(listener, g.config.Limits.Connections)
	ended := make(chan error, 1)
	go func() {
		if g.tls != nil {
			ended <- server.ServeTLS(bounded, "", "")
		} else {
			ended <- server.Serve(bounded)
		}
	}()
	g.log.Info().Stringer("address", listener.Addr()).Bool("tls", g.tls != nil).Msg("gateway is open for equipment")
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.config.Limits.Grace)
		defer cancel()
		if server.Shutdown(grace) != nil {
			g.log.Warn().Int64("requests", g.requests.used.Load()).Msg("requests in flight were cut off without an acknowledgement: the grace was over")
			// What is left is only to be closed; there is nothing to be done about an error.
			_ = server.Close()
		}
		err = <-ended
	}
	g.handling.Wait()
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("gateway: serve on %s: %w", listener.Addr(), err)
	}
	return nil
}

func (g *Gateway) server() *http.Server {
	limits := g.config.Limits
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(g.tls == nil)
	return &http.Server{
		Handler:                      g.handler,
		DisableGeneralOptionsHandler: true,
		TLSConfig:                    g.tls,
		Protocols:                    protocols,
		HTTP2:                        &http.HTTP2Config{MaxConcurrentStreams: 100, SendPingTimeout: limits.Idle, WriteByteTimeout: limits.Read},
		ReadHeaderTimeout:            limits.Header,
		ReadTimeout:                  limits.Read,
		// The answer's time begins with the request's.
		WriteTimeout:   limits.Read + limits.Produce + limits.Header,
		IdleTimeout:    limits.Idle,
		MaxHeaderBytes: limits.HeaderBytes,
		ErrorLog:       stdlog.New(&connectionLog{g}, "", 0),
	}
}

// connectionLog takes what goes wrong on connections before there is a
// request. The text holds the peer's address and is for those who debug.
type connectionLog struct{ g *Gateway }

func (l *connectionLog) Write(text []byte) (int, error) {
	l.g.log.Debug().Str("cause", string(text)).Msg("a connection failed")
	return len(text), nil
}

// Load reads the PEM files; nil where there is no certificate.
func (t TLS) Load() (*tls.Config, error) {
	if t == (TLS{}) {
		return nil, nil
	}
	if t.Cert == "" || t.Key == "" {
		return nil, fmt.Errorf("gateway.tls: cert and key are needed together, and client_ca only with them")
	}
	certificate, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	if err != nil {
		return nil, fmt.Errorf("gateway.tls.cert %s with gateway.tls.key %s: expected a PEM certificate and its key: %w", t.Cert, t.Key, err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}}
	if t.ClientCA == "" {
		return config, nil
	}
	text, err := os.ReadFile(t.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("gateway.tls.client_ca: %w", err)
	}
	config.ClientCAs = x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("gateway.tls.client_ca %s: expected PEM certificates, found none", t.ClientCA)
	}
	// Devices with a token need no certificate.
	config.ClientAuth = tls.VerifyClientCertIfGiven
	return config, nil
}
