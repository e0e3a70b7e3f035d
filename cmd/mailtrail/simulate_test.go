package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSimulateWrongUsage(t *testing.T) {
	for name, test := range map[string]struct {
		args   []string
		stderr string
	}{
		"pictures into a file": {[]string{"--images", "--to", "file", "--out", "-"}, "--images: pictures go to the gateway alone, so it needs --to http"},
		"pictures into Kafka":  {[]string{"--images", "--to", "kafka"}, "so it needs --to http"},
		"too many pictures":    {[]string{"--images", "--image-share", "2"}, "--image-share 2: expected more than 0, at most 1"},
		"no pictures":          {[]string{"--images", "--image-share", "0"}, "--image-share 0: expected more than 0"},
		"damage":               {[]string{"--damaged", "0.5"}, "--damaged 0.5: expected 0 to 0.4"},
	} {
		t.Run(name, func(t *testing.T) {
			got := feeding("", append([]string{"simulate", "--count", "10"}, test.args...)...)
			require.Equal(t, exitWrong, got.status, got.stderr)
			require.Contains(t, got.stderr, test.stderr)
			require.Empty(t, got.stdout)
		})
	}
}
