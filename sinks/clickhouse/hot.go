package clickhouse

import (
	"context"
	"errors"
	"fmt"

	native "github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// hot inserts whole blocks over connections of its own, by ch-go, the layer
// below clickhouse-go: it sends columns from the memory they lie in, and
// dictionaries as they are. clickhouse-go copies each value and asks reflection
// about those of dictionaries, which takes 4 microseconds of processor time a row
// of scans; here it is 0.02 (bench/README.md). Everything else goes through clickhouse-go.
type hot struct {
	options ch.Options
	idle    chan *native.Client
}

// hotConnections is how many connections stay open between blocks: as many as
// ingest inserts blocks at one time.
const hotConnections = 2

func newHot(options ch.Options) *hot {
	return &hot{options: options, idle: make(chan *native.Client, hotConnections)}
}

// insert runs an INSERT of one block.
func (h *hot) insert(ctx context.Context, statement, token string, input proto.Input) error {
	client, err := h.take(ctx)
	if err != nil {
		return fromNative(err)
	}
	err = client.Do(ctx, native.Query{Body: statement + " VALUES", Input: input, Settings: nativeSettings(insertSettings(token))})
	if client.IsClosed() {
		return fromNative(err)
	}
	if err != nil && !native.IsException(err) {
		// What the connection still holds of this INSERT is not known.
		return errors.Join(fromNative(err), client.Close())
	}
	h.give(client)
	return fromNative(err)
}

// take returns a connection that is idle, or a new one to the first address that answers.
func (h *hot) take(ctx context.Context) (*native.Client, error) {
	for {
		select {
		case client := <-h.idle:
			if err := client.Ping(ctx); err == nil {
				return client, nil
			}
			_ = client.Close() // the server has closed it meanwhile
			continue
		default:
		}
		break
	}
	var refused error
	for _, addr := range h.options.Addr {
		client, err := native.Dial(ctx, native.Options{
			Address: addr, User: h.options.Auth.Username, Password: h.options.Auth.Password, TLS: h.options.TLS,
			// It has to name one, and this is on every server: see Store.connect.
			Database:    "system",
			DialTimeout: h.options.DialTimeout, HandshakeTimeout: h.options.DialTimeout,
			// The server may take long to store a block; the context bounds it.
			ReadTimeout: native.NoTimeout,
		})
		if err == nil {
			return client, nil
		}
		refused = errors.Join(refused, err)
	}
	return nil, refused
}

// give keeps the connection for the next block.
func (h *hot) give(client *native.Client) {
	select {
	case h.idle <- client:
	default:
		_ = client.Close()
	}
}

// close closes the connections that are idle.
func (h *hot) close() error {
	var failed error
	for {
		select {
		case client := <-h.idle:
			failed = errors.Join(failed, client.Close())
		default:
			return failed
		}
	}
}

func nativeSettings(settings ch.Settings) (list []native.Setting) {
	for key, value := range settings {
		list = append(list, native.Setting{Key: key, Value: fmt.Sprint(value), Important: true})
	}
	return list
}

// fromNative gives a server's exception the type that clickhouse-go has for it.
func fromNative(err error) error {
	exception, ok := native.AsException(err)
	if !ok {
		return err
	}
	return &ch.Exception{Code: int32(exception.Code), Name: exception.Name, Message: exception.Message, StackTrace: exception.Stack}
}
