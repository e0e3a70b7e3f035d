package report

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each pair of text and ground of the page has the contrast of WCAG 2.2, success criterion 1.4.3: 4.5 or more.
func TestThePaletteHasContrast(t *testing.T) {
	light, rest, found := strings.Cut(string(officerCSS), "@media (prefers-color-scheme: dark)")
	require.True(t, found)
	dark, _, _ := strings.Cut(rest, "* {")
	for name, css := range map[string]string{"light": light, "dark": dark} {
		colours := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(css, -1) {
			colours[m[1]] = m[2]
		}
		require.Len(t, colours, 13, name)
		for _, pair := range [][2]string{
			{"text", "page"}, {"text", "panel"}, {"quiet", "page"}, {"quiet", "panel"}, {"link", "page"}, {"link", "panel"}, {"panel", "link"},
			{"ok", "ok-ground"}, {"near", "near-ground"}, {"bad", "bad-ground"},
		} {
			require.GreaterOrEqual(t, contrast(t, colours[pair[0]], colours[pair[1]]), 4.5, "%s: %s on %s", name, pair[0], pair[1])
		}
		for _, fill := range []string{"ok", "near", "bad"} { // of graphics 3 is asked, criterion 1.4.11
			require.GreaterOrEqual(t, contrast(t, colours[fill], colours["track"]), 3.0, "%s: bar %s", name, fill)
		}
	}
	require.InDelta(t, 21, contrast(t, "#000000", "#ffffff"), 0.01)
}

func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) (sum float64) {
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		require.NoError(t, err)
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
