package crash

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"mailtrail/pipeline/ingest"
	"mailtrail/schemas/event"
	"mailtrail/sinks/kafka"
)

// group is the consumer group of ingest, as configured where nothing is.
const group = "mailtrail"

// backlog is how far ingest has come.
type backlog struct {
	taken int64 // offsets that were taken in
	lag   int64 // offsets that wait
	open  []openBlock
}

// openBlock is an intent without its receipt.
type openBlock struct {
	partition int32
	first     int64
	ingest.Intent
}

func (b openBlock) String() string {
	return fmt.Sprintf("partition %d offsets %d to %d", b.partition, b.first, b.Last)
}

// look asks the broker how far ingest has come.
func look(ctx context.Context, client *kafka.Client) (b backlog, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	spans, err := client.Spans(ctx, event.ScansTopic)
	if err != nil {
		return b, err
	}
	numbers := make([]int32, len(spans))
	for i, span := range spans {
		numbers[i] = span.Partition
	}
	commits, err := client.Committed(ctx, group, event.ScansTopic, numbers)
	if err != nil {
		return b, err
	}
	for i, c := range commits {
		at := max(c.Offset, spans[i].Start)
		b.taken += at - spans[i].Start
		b.lag += spans[i].End - at
		intent, err := ingest.ParseIntent(c.Offset, c.Metadata)
		if err != nil {
			return b, err
		}
		if intent != nil {
			b.open = append(b.open, openBlock{partition: c.Partition, first: c.Offset, Intent: *intent})
		}
	}
	return b, nil
}

// look asks the broker once; taken is -1 where it does not answer.
func (s *site) look() backlog {
	b, err := look(s.t.Context(), s.kafka)
	if err != nil {
		return backlog{taken: -1}
	}
	return b
}

// repaired tells whether the repair of rejects has looked at all that there are.
func (s *site) repaired() bool {
	backlogs, err := s.kafka.Backlogs(s.t.Context(), group+"-repair", event.RejectsTopic)
	for _, b := range backlogs {
		if b.Committed < b.End {
			return false
		}
	}
	return err == nil
}

// see asks the broker until it answers.
func (s *site) see() (b backlog) {
	s.await("the broker to answer", faultWithin, func() bool {
		b = s.look()
		return b.taken >= 0
	})
	return b
}

// ownedPartitions is the metric of how many partitions an ingest has.
const ownedPartitions = `mailtrail_ingest_partitions{topic="mail.scans"}`

// metric reads one metric, its labels as they are written, from a process, -1 where it does not answer.
func metric(addr, name string) float64 {
	response, err := http.Get("http://" + addr + "/metrics")
	if err != nil {
		return -1
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			if value, err := strconv.ParseFloat(text, 64); err == nil {
				return value
			}
		}
	}
	return -1
}
