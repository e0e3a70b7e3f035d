package crash

import (
	"bytes"
	"fmt"
	"strings"
	"sync"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// cutter is a proxy before ClickHouse that cuts a connection at the worst moment: when the last byte of an insert was
// handed to the server, and nothing of its answer to the client.
type cutter struct {
	proxy *toxiproxy.Proxy

	mu     sync.Mutex
	wanted *cut        // the next cut, nil for none
	fresh  *connection // one whose upstream half exists alone
}

// cut is a connection that is to be cut.
type cut struct {
	table string // whose insert
	// late: the server's answer is taken away when it comes. Otherwise the connection ends while the server works.
	late bool
	done chan struct{} // closed when it was cut
}

// connection is what the two halves of one connection share.
type connection struct {
	mu      sync.Mutex
	swallow *cut // the answer is to be taken away
}

// The names under which the toxics stand in toxiproxy's registry.
const (
	cutRequests = "mailtrail_cut_requests"
	cutAnswers  = "mailtrail_cut_answers"
)

// newCutter starts a proxy before the address.
func newCutter(upstream string) (*cutter, error) {
	toxics.Register(cutRequests, new(requests))
	toxics.Register(cutAnswers, new(answers))
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	c := &cutter{proxy: toxiproxy.NewProxy(server, "clickhouse", "127.0.0.1:0", upstream)}
	for _, toxic := range []struct{ kind, stream string }{{cutRequests, "upstream"}, {cutAnswers, "downstream"}} {
		wrapper, err := c.proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(`{"type": %q, "stream": %q}`, toxic.kind, toxic.stream)))
		if err != nil {
			return nil, fmt.Errorf("toxiproxy: %w", err)
		}
		switch t := wrapper.Toxic.(type) {
		case *requests:
			t.cutter = c
		case *answers:
			t.cutter = c
		}
	}
	return c, c.proxy.Start()
}

func (c *cutter) addr() string { return c.proxy.Listen }
func (c *cutter) stop()        { c.proxy.Stop() }

// next cuts the next insert into the table, and closes the channel when that is done.
func (c *cutter) next(table string, late bool) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wanted = &cut{table: table, late: late, done: make(chan struct{})}
	return c.wanted.done
}

// take returns the cut that is wanted for an insert into the table, which is then no longer wanted.
func (c *cutter) take(table string) *cut {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wanted == nil || c.wanted.table != table {
		return nil
	}
	taken := c.wanted
	c.wanted = nil
	return taken
}

// requests watches what goes to the server, answers what comes back.
type requests struct{ cutter *cutter }
type answers struct{ cutter *cutter }

// NewState is called for the two halves of a connection one after the other, upstream first, by the one goroutine that
// accepts connections; so the halves find each other.
func (r *requests) NewState() any {
	r.cutter.mu.Lock()
	defer r.cutter.mu.Unlock()
	r.cutter.fresh = &connection{}
	return &insert{connection: r.cutter.fresh}
}

// NewState is described at the other half.
func (a *answers) NewState() any {
	a.cutter.mu.Lock()
	defer a.cutter.mu.Unlock()
	return a.cutter.fresh
}

// insert follows the client's side of ClickHouse's native protocol, as far as is needed to know when an insert is complete.
type insert struct {
	connection *connection
	table      string // of the insert that is under way, or ""
	sentQuery  bool   // the statement went out; its data follow
	tail       []byte // the last bytes that went out
}

// A data packet without rows ends the data of a statement, and stands behind each query for its external tables: packet 2,
// table "", block info (field 1: 0, field 2: -1, end), no columns, no rows (ClickHouse, docs: native protocol, client packets).
// clickhouse-go writes -1 in field 2 as ClickHouse's own client does, ch-go writes 0.
var (
	emptyBlock       = []byte{2, 0, 1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0, 0, 0}
	emptyBlockOfChGo = []byte{2, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0}
)

// sees takes note of a chunk and returns the table whose insert it completes, or "".
func (i *insert) sees(chunk []byte) string {
	if at := bytes.Index(chunk, []byte("INSERT INTO ")); at >= 0 && i.table == "" {
		i.table, i.sentQuery = tableOf(chunk[at:]), false
	}
	i.tail = append(i.tail, chunk...)
	if over := len(i.tail) - len(emptyBlock); over > 0 {
		i.tail = append(i.tail[:0], i.tail[over:]...)
	}
	if i.table == "" || !bytes.Equal(i.tail, emptyBlock) && !bytes.Equal(i.tail, emptyBlockOfChGo) {
		return ""
	}
	if !i.sentQuery { // the end of the statement itself
		i.sentQuery = true
		return ""
	}
	complete := i.table
	i.table = ""
	return complete
}

// tableOf reads the name of the table from INSERT INTO `database`.`table`, whatever the quotes.
func tableOf(statement []byte) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(string(statement[:min(len(statement), 200)]), "INSERT INTO "), " ")
	name, _, _ = strings.Cut(name, "(")
	name = strings.NewReplacer("`", "", `"`, "").Replace(name)
	return name[strings.LastIndexByte(name, '.')+1:]
}

// Pipe hands everything to the server, and ends the connection behind an insert that is to be cut.
func (r *requests) Pipe(stub *toxics.ToxicStub) {
	state := stub.State.(*insert)
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil {
				stub.Close()
				return
			}
			table := state.sees(chunk.Data)
			wanted := (*cut)(nil)
			if table != "" {
				wanted = r.cutter.take(table)
			}
			if wanted != nil && wanted.late {
				state.connection.mu.Lock()
				state.connection.swallow = wanted
				state.connection.mu.Unlock()
			}
			stub.Output <- chunk
			if wanted != nil && !wanted.late {
				stub.Close()
				close(wanted.done)
				return
			}
		}
	}
}

// Packets of the server's side (ClickHouse, src/Core/Protocol.h).
const (
	exceptionPacket   = 2
	endOfStreamPacket = 5
)

// Pipe hands everything to the client, but for the answer to an insert that is to be cut: that ends the connection.
func (a *answers) Pipe(stub *toxics.ToxicStub) {
	state := stub.State.(*connection)
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			state.mu.Lock()
			swallow := state.swallow
			state.mu.Unlock()
			switch {
			case chunk == nil:
				stub.Close()
			case swallow == nil:
				stub.Output <- chunk
				continue
			case chunk.Data[0] == exceptionPacket, chunk.Data[len(chunk.Data)-1] == endOfStreamPacket:
				stub.Close()
			default:
				continue
			}
			if swallow != nil {
				close(swallow.done)
			}
			return
		}
	}
}
