package figures

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/bench/stack"
	"mailtrail/deploy/local/ports"
	"mailtrail/pipeline/simulate"
	"mailtrail/schemas/event"
)

// door is a gateway and who may come in.
type door struct {
	*site
	role        *stack.Role
	host, token string
	nextKey     uint64
}

// openDoor starts a gateway in its default configuration: HTTP in clear, on loopback.
func (s *site) openDoor() *door {
	s.t.Helper()
	free, err := ports.Free(1)
	require.NoError(s.t, err)
	name := fmt.Sprintf("bench-%d", time.Now().UnixNano())
	token, err := s.Command("access", "add", "device", name).Output()
	require.NoError(s.t, err)
	d := &door{site: s, host: free[0], token: strings.TrimSpace(string(token)), nextKey: 1}
	d.role, err = s.Start("gateway", "MAILTRAIL_GATEWAY_LISTEN="+d.host)
	require.NoError(s.t, err)
	s.t.Cleanup(d.role.Kill)
	require.NoError(s.t, d.role.Ready(time.Minute))
	return d
}

// soundMail is mail of which the gateway accepts every event.
func soundMail(seed, events uint64, wire simulate.Wire, size int) simulate.Options {
	options := simulate.Defaults(time.Now())
	shares := options.Shares
	options.Seed, options.Count, options.Wire, options.BatchSize = seed, events, wire, size
	options.Shares = simulate.Shares{Late: shares.Late, UnknownSTID: shares.UnknownSTID, Bars: shares.Bars, LocalTime: shares.LocalTime}
	return options
}

// requests are prepared requests of so many events each.
func (d *door) requests(n, events int, wire simulate.Wire) (all []prepared) {
	d.t.Helper()
	contentType := "application/x-ndjson"
	switch {
	case wire == simulate.Protobuf:
		contentType = event.ProtoType
	case events == 1:
		contentType = event.JSONType
	}
	_, err := simulate.Generate(d.t.Context(), soundMail(41, uint64(n*events), wire, events), func(r *simulate.Request) error {
		if r.Len() == events {
			all = append(all, prepareRequest(d.host, d.token, contentType, r.Body, events))
		}
		return nil
	})
	require.NoError(d.t, err)
	return all
}

// send sends the requests again and again at the rate, each time under another key.
func (d *door) send(ctx context.Context, requests []prepared, connections int, rate float64, duration time.Duration) (flow, stack.Costs) {
	d.t.Helper()
	procs := d.Servers().With("gateway", d.role)
	runtime.GC()
	before, err := procs.Costs()
	require.NoError(d.t, err)
	s := stream{
		host: d.host, connections: connections, rate: rate, duration: duration, firstKey: d.nextKey,
		request: func(n uint64) prepared { return requests[n%uint64(len(requests))] },
	}
	got, err := s.run(ctx)
	require.NoError(d.t, err)
	after, err := procs.Costs()
	require.NoError(d.t, err)
	d.nextKey += got.requests
	return got, after.Since(before)
}

// What the gateway takes in batches, acknowledged by all replicas of Apache Kafka.
func TestGatewayBatches(t *testing.T) {
	d := newSite(t).openDoor()
	const events, rate = 500, 200 // 100,000 events a second
	acknowledged := uint64(0)
	for _, wire := range []simulate.Wire{simulate.JSON, simulate.Protobuf} {
		requests := d.requests(sized(4, 400), events, wire)
		before := d.messages()
		warm, _ := d.send(t.Context(), requests, 16, rate, sized(100*time.Millisecond, 10*time.Second))
		got, costs := d.send(t.Context(), requests, 64, rate, sized(100*time.Millisecond, time.Minute))
		require.Equal(t, before+int64(warm.requests+got.requests), d.messages(), "a message for each request")
		acknowledged += (warm.requests + got.requests) * events
		bench.report.add(fmt.Sprintf("gateway, batches of %d events as %s, HTTP in clear, acks=all", events, wire), "100,000 events/s, p99 50 ms",
			"%s events/s accepted, %s; %s: %.2f microseconds of the gateway for an event", thousands(got.rate()*events), got.times, seconds(costs), micros(costs["gateway"], got.requests*events))
	}
	require.NoError(t, d.role.Stop())
	d.takeIn(stack.Outcomes{"stored": acknowledged})
}

// What the gateway takes one by one: rates one above the other, until two in a row are not answered in time.
func TestGatewaySingles(t *testing.T) {
	d := newSite(t).openDoor()
	requests := d.requests(sized(200, 20_000), 1, simulate.JSON)
	rates := []float64{1000}
	if *long {
		rates = []float64{5000, 7500, 10_000, 12_500, 15_000, 17_500, 20_000, 22_500, 25_000, 30_000}
	}
	// As many as the gateway works on at once.
	const connections, inTime = 200, 50 * time.Millisecond
	before, sent := d.messages(), uint64(0)
	best, seen, late := "none", []string{}, 0
	warm, _ := d.send(t.Context(), requests, connections, rates[0], sized(100*time.Millisecond, 30*time.Second)) // Java compiles meanwhile
	sent += warm.requests
	for _, rate := range rates {
		got, costs := d.send(t.Context(), requests, connections, rate, sized(100*time.Millisecond, 15*time.Second))
		sent += got.requests
		said := fmt.Sprintf("%s requests/s, %s; %s: %.1f microseconds of the gateway for a request, %.1f of Kafka, %.1f of the client", thousands(got.rate()), got.times, seconds(costs),
			micros(costs["gateway"], got.requests), micros(costs["Kafka"], got.requests), micros(costs["load"], got.requests))
		say("one event a request: %s", said)
		seen = append(seen, "- "+said)
		if got.times.at(0.99) <= inTime {
			best, late = said, 0
		} else if late++; late == 2 {
			break // two in a row: it was no accident
		}
	}
	require.Equal(t, before+int64(sent), d.messages(), "a message for each request")
	bench.report.add("gateway, one event a request in JSON, acks=all: the highest rate with p99 under 50 ms", "15,000 requests/s", "%s", best)
	bench.report.detail("One event a request, at each rate:\n\n" + strings.Join(seen, "\n"))
	require.NoError(t, d.role.Stop())
	d.takeIn(stack.Outcomes{"stored": sent})
}

// messages is how many messages stand in the topic.
func (s *site) messages() (n int64) {
	s.t.Helper()
	spans, err := s.Kafka.Spans(s.t.Context(), event.ScansTopic)
	require.NoError(s.t, err)
	for _, span := range spans {
		n += span.End - span.Start
	}
	return n
}
