package ingest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"mailtrail/schemas/event"
)

// benchEvents are JSON events as feeds send them: 24 fields, about 750 bytes,
// machines and facilities that repeat.
func benchEvents(n int) [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	events := make([][]byte, n)
	for i := range events {
		machine, piece := random.IntN(1000), random.Uint64()
		place := machine % 250
		at := time.UnixMilli(testNow - 1 - random.Int64N(48*3_600_000)).In(time.FixedZone("", -5*3600))
		events[i] = fmt.Appendf(nil, `{"imb":"00270%06d%09d%05d%04d%02d","scanDatetime":"%s","scanEventCode":"%03d","handlingEventType":"A","handlingEventTypeDescription":"Actual","scanLocaleKey":"V%05d","scanFacilityName":"PLANT NUMBER %03d PDC","scanFacilityCity":"CITY OF NAMES %03d","scanFacilityState":"NY","scanFacilityZip":"%05d","machineId":"DBCS-%04d","machineName":"DBCS NUMBER %04d","scannerType":"WFOV","mailPhase":"Phase 3b - Destination Sequenced","mailClassDescription":"First-Class Mail","mailShapeDescription":"Letter","idTag":"%020d","startTheClockDate":"2026-11-18","predictedDeliveryDate":"2026-11-2%d","edocJobId":"J%07d","edocMailingGroupId":"%d","edocSubmitterCrid":"%08d","imbMid":"%06d","imbRoutingCode":"%05d%04d%02d"}`,
			100_000+piece%500, piece%1_000_000_000, 10000+piece%200, piece%9000, piece%90, at.Format("2006-01-02T15:04:05.000-07:00"), 100+piece%15,
			place, place, place, 10000+place, machine, machine, piece, piece%10, piece%3000, 100_000+piece%3000, piece%3000,
			100_000+piece%500, 10000+piece%200, piece%9000, piece%90)
	}
	return events
}

func BenchmarkBuilderJSON(b *testing.B) {
	events := benchEvents(50_000)
	bytes := 0
	for _, e := range events {
		bytes += len(e)
	}
	b.SetBytes(int64(bytes / len(events)))
	messages := make([]event.Message, len(events))
	for i, e := range events {
		messages[i] = event.Message{Topic: event.ScansTopic, Offset: int64(i), Time: testNow, Value: e}
	}
	benchBuilder(b, messages, 1)
}

func BenchmarkBuilderProto(b *testing.B) {
	const batch = 500
	events := benchEvents(50_000)
	var messages []event.Message
	for len(events) > 0 {
		var value []byte
		for _, e := range events[:batch] {
			var s event.Scan
			require.Nil(b, s.DecodeJSON(e))
			require.Nil(b, s.Check())
			value = s.AppendProto(value)
		}
		events = events[batch:]
		messages = append(messages, event.Message{Topic: event.ScansTopic, Offset: int64(len(messages)), Time: testNow, Value: value,
			Headers: []event.Header{header(event.ContentTypeHeader, event.ProtoType), header(event.BatchIDHeader, fmt.Sprint(len(messages))), header(event.DeviceHeader, "device"), header(event.ReceivedHeader, fmt.Sprint(testNow))}})
	}
	benchBuilder(b, messages, batch)
}

func benchBuilder(b *testing.B, messages []event.Message, each int) {
	block := newBlock(event.ScansTopic, 0, 0, &event.ScanColumns{})
	build := newBuilder(testRules(b), testNow)
	for b.Loop() {
		block.begin(0)
		for i := range messages {
			build.add(block, &messages[i])
		}
	}
	require.Equal(b, len(messages)*each, block.head.Len(), "%v", func() error {
		if len(block.rejects) > 0 {
			return block.rejects[0].err
		}
		return nil
	}())
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(messages)*each), "ns/event")
}
