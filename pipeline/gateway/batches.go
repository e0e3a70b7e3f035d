package gateway

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"mailtrail/schemas/event"
)

// batchAnswer says what became of a request. Events of a repeat count as
// duplicates beside the stored ones.
type batchAnswer struct {
	Batch string `json:"batch"`
	// State is "done" once all parts of the request are accounted for, else "pending".
	State     string `json:"state"`
	Stored    uint64 `json:"stored"`
	Duplicate uint64 `json:"duplicate"`
	Rejected  uint64 `json:"rejected"`
	Expired   uint64 `json:"expired"`
	// Reasons counts the rejected events by their code.
	Reasons map[string]uint64 `json:"reasons"`
	Time    string            `json:"time"`
}

func (c *call) getBatch() {
	id := c.r.PathValue("id")
	if !isBatchID(id) {
		c.fail(fail(http.StatusNotFound, NotFound, "a batch id is 32 hexadecimal digits in lower case").withField("id"))
		return
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), c.g.config.Limits.Produce)
	defer cancel()
	rows, err := c.g.deps.Batches.BatchByID(ctx, id)
	if err != nil {
		c.fail(later(StoreUnavailable, 5*time.Second, "what became of the batch cannot be looked up now").because(fmt.Errorf("look up batch %s: %w", id, err)))
		return
	}
	c.answer(http.StatusOK, c.sumUp(id, rows))
}

// sumUp adds up the messages of a request. A device sees only its own.
func (c *call) sumUp(id string, rows []event.BatchRow) batchAnswer {
	answer := batchAnswer{Batch: id, State: "pending", Reasons: map[string]uint64{}, Time: c.serverTime()}
	seen := map[event.Part]bool{}
	of := map[int]int{} // parts seen, by how many there are: a repeat may have been cut otherwise
	for _, row := range rows {
		if row.Device != c.device.Name {
			continue
		}
		answer.Stored += row.Outcomes[event.Stored]
		answer.Duplicate += row.Outcomes[event.Duplicate]
		answer.Rejected += row.Outcomes[event.Rejected]
		answer.Expired += row.Outcomes[event.Expired]
		for reason, n := range row.Reasons {
			answer.Reasons[reason] += n
		}
		if seen[row.Part] {
			continue
		}
		seen[row.Part] = true
		if of[row.Part.Of]++; of[row.Part.Of] == row.Part.Of {
			answer.State = "done"
		}
	}
	return answer
}
