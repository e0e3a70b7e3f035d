package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"
	"time"
)

//go:embed officer.html.tmpl
var officerHTML string

// officerTemplate parses the page.
func officerTemplate() *template.Template {
	return template.Must(template.New("officer").Funcs(template.FuncMap{
		"iso":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"moment": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
		"minute": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") },
		"span":   span, "count": count, "join": func(list []string) string { return strings.Join(list, ", ") },
		"width": func(thousandths int) string { return fmt.Sprintf("%.1f", float64(thousandths)/1000*120) },
		"tone": func(state string) string {
			return map[string]string{stateKept: "ok", stateDue: "near", stateOver: "bad", stateUnknown: "near", stateEmpty: "none"}[state]
		},
	}).Parse(officerHTML))
}

// span writes a duration in its two largest units.
func span(d time.Duration) string {
	if d < 0 {
		return "-" + span(-d)
	}
	const day = 24 * time.Hour
	units := []struct {
		of   time.Duration
		name string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	for i, unit := range units {
		if d < unit.of && i < len(units)-1 {
			continue
		}
		text := fmt.Sprintf("%d %s", d/unit.of, unit.name)
		if rest := d % unit.of; i < len(units)-1 && rest >= units[i+1].of {
			text += fmt.Sprintf(" %d %s", rest/units[i+1].of, units[i+1].name)
		}
		return text
	}
	return "0 s"
}

// count writes a whole number with commas between thousands.
func count(number any) string {
	text := fmt.Sprint(number)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
