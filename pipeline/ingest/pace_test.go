package ingest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPace(t *testing.T) {
	const age = 250 * time.Millisecond
	var p pace
	require.Equal(t, age, p.age(age))
	for _, step := range []struct {
		parts int
		want  time.Duration
	}{
		{10, age}, {manyParts, age}, {manyParts + 1, 2 * age}, {500, 4 * age}, {fewParts, 4 * age}, {fewParts - 1, 2 * age}, {0, age}, {0, age},
	} {
		p.take(step.parts)
		require.Equal(t, step.want, p.age(age), "%d parts", step.parts)
	}
	for range 20 {
		p.take(3000)
	}
	require.Equal(t, maxAge, p.age(age))
	require.Equal(t, time.Minute, p.age(time.Minute), "never shorter than configured")
	for range 6 {
		p.take(1)
	}
	require.Equal(t, age, p.age(age), "back within a dozen looks")
}
