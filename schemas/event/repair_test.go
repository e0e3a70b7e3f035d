package event

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRepairText(t *testing.T) {
	for _, text := range []string{"0 1A", "9871 12D,40T", "10000 +1A", "5 "} {
		r, err := ParseRepair([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, text, string(r.Text()))
	}
	for _, text := range []string{"", "9871", "10001 1A", "-1 1A", " 1A", "x 1A", "70000 1A"} {
		_, err := ParseRepair([]byte(text))
		require.ErrorContains(t, err, "CONFIDENCE MENDING", text)
	}
}
