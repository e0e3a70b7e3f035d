package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	native "github.com/ClickHouse/clickhouse-go/v2"

	"mailtrail/deploy/local/child"
)

// answerWithin is how long one look at a port may take: who holds it may be another program, which takes connections and
// says nothing.
const answerWithin = 2 * time.Second

// awaitReady returns when the engine answers on both ports, or fails when it ends or takes too long.
func (s *Server) awaitReady(ctx context.Context, c *child.Child) error {
	err := c.Answers(ctx, readyWithin, func(ctx context.Context) error {
		if err := s.ping(ctx); err != nil {
			return err
		}
		return s.selectOne(ctx)
	})
	switch {
	case errors.Is(err, child.ErrEnded):
		return s.explain(c)
	case err != nil:
		return fmt.Errorf("the ClickHouse engine did not answer within %s, see %s", readyWithin, s.paths.log)
	}
	return nil
}

func (s *Server) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.config.HTTP+"/ping", nil)
	if err != nil {
		return err
	}
	_, err = do(request)
	return err
}

func (s *Server) selectOne(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	conn, err := native.Open(&native.Options{
		Addr: []string{s.native},
		Auth: native.Auth{Username: Owner, Password: s.secrets[Owner]},
	})
	if err != nil {
		return err
	}
	defer conn.Close()
	var one uint8
	return conn.QueryRow(ctx, "SELECT 1").Scan(&one)
}

// killKeepAlive ends the statement that keeps libchdb's session open; the engine then shuts down in order.
func (s *Server) killKeepAlive() error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	const kill = "KILL QUERY WHERE user = '' ASYNC FORMAT Null" // the local session's user has no name there
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.config.HTTP+"/", strings.NewReader(kill))
	if err != nil {
		return err
	}
	_, err = s.askAsOwner(request)
	return err
}

func (s *Server) askAsOwner(request *http.Request) (answer string, err error) {
	request.Header.Set("X-ClickHouse-Key", s.secrets[Owner])
	request.Header.Set("X-ClickHouse-User", Owner)
	return do(request)
}

// do makes a request on a connection of its own: the engine's shutdown waits for those that stay open.
func do(request *http.Request) (answer string, err error) {
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", response.Status, body)
	}
	return string(body), nil
}
