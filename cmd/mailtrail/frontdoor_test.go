package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// Each topic that ingest takes in can be made anew: what a partition that has stopped tells people to run is there.
func TestFrontTopics(t *testing.T) {
	require.Equal(t, []string{event.ScansTopic, event.ImagesTopic, event.RecordsTopic}, frontTopics(retention.Builtin()))
	schedule := *retention.Builtin()
	schedule.Topics = nil
	require.Empty(t, frontTopics(&schedule))
	a := newApp(surroundings{environ: []string{"MAILTRAIL_DATA=" + t.TempDir()}})
	r, err := a.plainRole()
	require.NoError(t, err)
	err = relabel(t.Context(), r, event.RejectsTopic, nil)
	require.EqualError(t, err, "--new-topic mail.rejects: expected one of mail.scans, mail.images, mail.records, the topics whose offsets are stored")
}
